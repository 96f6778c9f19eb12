public import Torch

/// `x Wᵀ + b` over the last dimension. Source: `torch.nn.Linear`.
public final class Linear {
  let weight: Tensor, bias: Tensor?
  /// What it multiplies in.
  public let dtype: DType

  /// Whether a layer adds something of its own.
  public enum Bias: Sendable { case present, absent }

  public init(_ w: Weights, _ inC: Int, _ outC: Int, bias: Bias = .present) throws {
    weight = try w.tensor("weight", [outC, inC])
    self.bias = bias == .present ? try w.bias("bias", [outC]) : nil
    dtype = w.formats.products
  }

  /// - Parameter x: `[…, in]`. - Returns: `[…, out]`, in x's format.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try linear(x.to(dtype), weight.to(dtype), bias).to(formatOf: x)
  }
}
