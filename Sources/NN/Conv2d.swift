public import Torch

/// Two-dimensional convolution with a square kernel. Source: `torch.nn.Conv2d`.
public final class Conv2d {
  let weight: Tensor, bias: Tensor
  let stride: Int, padding: Int

  public init(_ w: Weights, _ inC: Int, _ outC: Int, kernel: Int, stride: Int = 1, padding: Int = 0) throws {
    weight = try w.tensor("weight", [outC, inC, kernel, kernel])
    bias = try w.tensor("bias", [outC])
    (self.stride, self.padding) = (stride, padding)
  }

  /// Without the border of zeros, which the caller has seen to.
  /// - Parameter x: `[B, in, H + k − 1, W + k − 1]`. - Returns: `[B, out, H, W]` at stride 1.
  public func unpadded(_ x: Tensor) throws(TorchError) -> Tensor {
    try conv2d(x, weight, bias, stride: stride, padding: 0)
  }

  /// - Parameter x: `[B, in, H, W]`. - Returns: `[B, out, H', W']`.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try conv2d(x, weight, bias, stride: stride, padding: padding)
  }
}
