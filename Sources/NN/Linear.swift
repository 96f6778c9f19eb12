public import Torch

/// `x Wᵀ + b` over the last dimension. Source: `torch.nn.Linear`.
public final class Linear {
  let weight: Tensor, bias: Tensor?

  /// Whether a layer adds something of its own.
  public enum Bias: Sendable { case present, absent }

  public init(_ w: Weights, _ inC: Int, _ outC: Int, bias: Bias = .present) throws {
    weight = try w.tensor("weight", [outC, inC])
    self.bias = bias == .present ? try w.tensor("bias", [outC]) : nil
  }

  /// - Parameter x: `[…, in]`. - Returns: `[…, out]`.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try linear(x, weight, bias) }
}
