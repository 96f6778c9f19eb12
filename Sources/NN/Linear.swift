public import Torch

/// `x Wᵀ + b` over the last dimension. Source: `torch.nn.Linear`.
public final class Linear {
  let weight: Parameter, bias: Parameter?
  /// What it multiplies in.
  public let dtype: DType

  /// Whether a layer adds something of its own.
  public enum Bias: Sendable { case present, absent }

  public init(_ w: Weights, _ inC: Int, _ outC: Int, bias: Bias = .present) throws {
    weight = try w.parameter("weight", [outC, inC], w.formats.stored)
    self.bias = bias == .present ? try w.parameter("bias", [outC], w.formats.products) : nil
    dtype = w.formats.products
  }

  /// - Parameter x: `[…, in]`. - Returns: `[…, out]`, in x's format.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try linear(x.to(dtype), weight.value.to(dtype), bias?.value).to(formatOf: x)
  }
}
