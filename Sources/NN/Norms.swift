public import Torch

/// Normalisation over groups of channels. Source: `torch.nn.GroupNorm`.
public final class GroupNorm {
  let weight: Parameter, bias: Parameter
  let groups: Int, eps: Double

  public init(_ w: Weights, groups: Int, channels: Int, eps: Double) throws {
    guard channels % groups == 0 else {
      throw w.unsuitable("weight", "\(channels) channels do not make \(groups) groups")
    }
    weight = try w.parameter("weight", [channels], w.formats.sums)
    bias = try w.parameter("bias", [channels], w.formats.sums)
    (self.groups, self.eps) = (groups, eps)
  }

  /// The norm of `x` as a factor and a summand for each channel, for callers that apply it piece by piece.
  /// - Parameter x: `[B, C, H, W]`. - Returns: float32, both `[B, C, 1, 1]`: the norm is `x · scale + shift`.
  public func affine(_ x: Tensor) throws(TorchError) -> (scale: Tensor, shift: Tensor) {
    let (batch, channels) = (x.size(0), x.size(1))
    let each = channels / groups
    var means: [Tensor] = []
    var deviations: [Tensor] = []
    // A group at a time: the single-precision copy stays small.
    for group in 0..<groups {
      let part = try x.narrow(1, from: group * each, length: each).to(.float32).reshape(batch, -1)
      let (variance, mean) = try varMean(part, dim: 1)  // [B, 1]
      means.append(mean)
      deviations.append(try sqrt(variance + eps))
    }
    func perChannel(_ values: [Tensor]) throws(TorchError) -> Tensor {
      try cat(values, dim: 1).reshape(batch, groups, 1).expand(batch, groups, each)
        .reshape(batch, channels, 1, 1)
    }
    let scale = try weight.value.to(.float32).reshape(1, channels, 1, 1) / perChannel(deviations)
    return (scale, try bias.value.to(.float32).reshape(1, channels, 1, 1) - perChannel(means) * scale)
  }

  /// - Parameter x: `[B, C, …]`. - Returns: the same shape.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try groupNorm(x, groups: groups, weight.value, bias.value, eps: eps)
  }
}

/// Normalisation over the last dimension. Source: `torch.nn.LayerNorm`.
public final class LayerNorm {
  let weight: Parameter, bias: Parameter
  let eps: Double

  public init(_ w: Weights, _ channels: Int, eps: Double) throws {
    weight = try w.parameter("weight", [channels], w.formats.sums)
    bias = try w.parameter("bias", [channels], w.formats.sums)
    self.eps = eps
  }

  /// - Parameter x: `[…, C]`. - Returns: the same shape.
  public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try layerNorm(x, weight.value, bias.value, eps: eps)
  }
}
