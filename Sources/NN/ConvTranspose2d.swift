public import Torch

/// Transposed convolution with a square kernel whose stride is its size: each pixel becomes a square of its own.
/// Source: `torch.nn.ConvTranspose2d`.
public final class ConvTranspose2d {
  let weight: Parameter, bias: Parameter
  let kernel: Int
  private let dtype: DType

  public init(_ w: Weights, _ inC: Int, _ outC: Int, kernel: Int) throws {
    weight = try w.parameter("weight", [inC, outC, kernel, kernel], w.formats.stored)
    bias = try w.parameter("bias", [outC], w.formats.products)
    (self.kernel, dtype) = (kernel, w.formats.products)
  }

  /// - Parameter x: `[B, in, H, W]`. - Returns: `[B, out, kH, kW]`, in x's format.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try convTranspose2d(x.to(dtype), weight.value.to(dtype), bias.value, stride: kernel).to(formatOf: x)
  }
}
