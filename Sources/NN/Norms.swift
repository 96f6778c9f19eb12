public import Torch

/// Normalisation over groups of channels. Source: `torch.nn.GroupNorm`.
public final class GroupNorm {
  let weight: Tensor, bias: Tensor
  let groups: Int, eps: Double

  public init(_ w: Weights, groups: Int, channels: Int, eps: Double) throws {
    guard channels % groups == 0 else {
      throw w.unsuitable("weight", "\(channels) channels do not make \(groups) groups")
    }
    weight = try w.tensor("weight", [channels])
    bias = try w.tensor("bias", [channels])
    (self.groups, self.eps) = (groups, eps)
  }

  /// - Parameter x: `[B, C, …]`. - Returns: the same shape.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try groupNorm(x, groups: groups, weight, bias, eps: eps)
  }
}

/// Normalisation over the last dimension. Source: `torch.nn.LayerNorm`.
public final class LayerNorm {
  let weight: Tensor, bias: Tensor
  let eps: Double

  public init(_ w: Weights, _ channels: Int, eps: Double) throws {
    weight = try w.tensor("weight", [channels])
    bias = try w.tensor("bias", [channels])
    self.eps = eps
  }

  /// - Parameter x: `[…, C]`. - Returns: the same shape.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try layerNorm(x, weight, bias, eps: eps)
  }
}
