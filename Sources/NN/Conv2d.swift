public import Torch

/// Two-dimensional convolution with a square kernel. Source: `torch.nn.Conv2d`.
public final class Conv2d {
  let weight: Parameter, bias: Parameter
  let stride: Int, padding: Int
  private let dtype: DType

  public init(_ w: Weights, _ inC: Int, _ outC: Int, kernel: Int, stride: Int = 1, padding: Int = 0) throws {
    weight = try w.parameter("weight", [outC, inC, kernel, kernel], w.formats.stored)
    bias = try w.parameter("bias", [outC], w.formats.products)
    (self.stride, self.padding, dtype) = (stride, padding, w.formats.products)
  }

  /// Without the border of zeros, which the caller has seen to.
  /// - Parameter x: `[B, in, H + k − 1, W + k − 1]`. - Returns: `[B, out, H, W]` at stride 1.
  public func unpadded(_ x: Tensor) throws(TorchError) -> Tensor {
    try conv2d(x.to(dtype), weight.value.to(dtype), bias.value, stride: stride, padding: 0).to(formatOf: x)
  }

  /// - Parameter x: `[B, in, H, W]`. - Returns: `[B, out, H', W']`, in x's format.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try conv2d(x.to(dtype), weight.value.to(dtype), bias.value, stride: stride, padding: padding).to(
      formatOf: x)
  }
}
