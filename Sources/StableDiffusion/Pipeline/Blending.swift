import Torch

/// What is put back into a run's latents wherever it does not repaint: the picture it started from, as noisy as they
/// are.
struct Blending {
  private let picture: Tensor, noise: Tensor
  private let mask: Mask
  /// Of the whole run, made or not.
  private let steps: Int

  enum Mask {
    /// Repainted throughout where 1, never where 0: `[1, 1, H, W]`.
    case binary(Tensor)
    /// Kept for such a share of the steps: differential diffusion. Row by row.
    /// Source: Levin and Fried 2023, "Differential Diffusion: Giving Each Pixel Its Strength".
    case gradual(kept: [Float])
  }

  init(picture: Tensor, noise: Tensor, _ mask: Mask, steps: Int) {
    (self.picture, self.noise, self.mask, self.steps) = (picture, noise, mask, steps)
  }

  /// - Parameters: x the latents after a call of the network, `[1, C, H, W]`; level how noisy they are, `nil` at the
  ///   run's end; stepsDone of those that are made.
  /// - Returns: the latents to go on with.
  func callAsFunction(_ x: Tensor, at level: NoiseLevel?, stepsDone: Int) throws(TorchError) -> Tensor {
    let original = try level?.noised(picture, noise) ?? picture
    switch mask {
    case .binary(let mask):
      return try original * (mask * -1.0 + 1.0) + x * mask
    case .gradual(let kept):
      // What the last step makes stays as it is.
      guard level != nil else { return x }
      let share = Float(stepsDone) / Float(steps)
      let keeps = try Tensor(kept.map { $0 > share ? 1 : 0 } as [Float], [1, 1, x.size(2), x.size(3)])
        .to(x.device)
      return try original * keeps + x * (keeps * -1.0 + 1.0)
    }
  }
}
