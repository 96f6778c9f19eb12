public import Torch

/// A table of vectors, looked up by index. Source: `torch.nn.Embedding`.
public final class Embedding {
  let weight: Parameter
  private let dtype: DType

  public init(_ w: Weights, rows: Int, width: Int) throws {
    weight = try w.parameter("weight", [rows, width], w.formats.stored)
    dtype = w.formats.sums
  }

  /// - Parameter indices: int64, any shape. - Returns: `[…, width]`.
  public func callAsFunction(_ indices: Tensor) throws(TorchError) -> Tensor {
    try embedding(weight.value, indices).to(dtype)
  }
}
