import Torch

/// What a layer of a LoRA file does to one weight.
struct LoRAChange {
  /// The weight's diffusers name.
  let parameter: String
  let delta: LoRADelta<Tensor>
  /// `alpha / rank`.
  let factor: Double
  /// With it the file is a DoRA.
  let magnitude: Magnitude?

  /// The lengths that a DoRA gives a weight.
  /// Source: Liu et al. 2024, "DoRA: Weight-Decomposed Low-Rank Adaptation".
  struct Magnitude {
    let values: Tensor
    let axis: Axis

    /// Of what there is a length each.
    enum Axis {
      case rows, columns
    }
  }

  /// - Parameters: weight float32, the base's shape; strength what the request says.
  /// - Returns: a new float32 tensor of that shape.
  func applied(to weight: Tensor, strength: Double) throws(TorchError) -> Tensor {
    let shape = weight.shape
    if let magnitude {
      let changed = try weight + delta.value(shape) * factor
      // As ComfyUI and A1111 do it: part of the way to the weight of strength 1.
      return try weight + (magnitude.applied(to: changed) - weight) * strength
    }
    // Most layers are this: one pass over the weight.
    if case .lora(let down, let up, nil) = delta {
      return try shaped(addmm(rows(weight), rows(up), rows(down), alpha: strength * factor), shape)
    }
    return try weight + delta.value(shape) * (strength * factor)
  }
}

extension LoRAChange.Magnitude {
  /// LyCORIS' and ComfyUI's: a row of zeros stays one.
  private static let eps = 1.1920928955078125e-07

  /// `weight`, each row or column brought to its length.
  fileprivate func applied(to weight: Tensor) throws(TorchError) -> Tensor {
    let around = weight.shape.dropFirst(2).map { _ in 1 }
    switch axis {
    case .rows:
      let scale = try lengths(weight).reshape([-1, 1] + around)
      return try weight * scale
    case .columns:
      let scale = try lengths(weight.transpose(0, 1)).reshape([1, -1] + around)
      return try weight * scale
    }
  }

  /// What each row of `x` is to be multiplied by: `[n, 1]`.
  private func lengths(_ x: Tensor) throws(TorchError) -> Tensor {
    let rows = try rows(x)
    let ones = try Tensor.full(1, [rows.size(1), 1], on: rows.device)
    let norms = try sqrt(matmul(rows * rows, ones)) + Self.eps  // [n, 1]
    return try values.to(.float32).reshape(-1, 1) / norms
  }
}
