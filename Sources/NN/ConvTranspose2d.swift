public import Torch

/// Transposed convolution with a square kernel whose stride is its size: each pixel becomes a square of its own.
/// Source: `torch.nn.ConvTranspose2d`.
public final class ConvTranspose2d {
  let weight: Tensor, bias: Tensor
  let kernel: Int
  private let dtype: DType

  public init(_ w: Weights, _ inC: Int, _ outC: Int, kernel: Int) throws {
    weight = try w.tensor("weight", [inC, outC, kernel, kernel])
    bias = try w.bias("bias", [outC])
    (self.kernel, dtype) = (kernel, w.formats.products)
  }

  /// - Parameter x: `[B, in, H, W]`. - Returns: `[B, out, kH, kW]`, in x's format.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try convTranspose2d(x.to(dtype), weight.to(dtype), bias, stride: kernel).to(formatOf: x)
  }
}
