import Torch

/// Euler's method along the probability-flow equation; the ancestral kind goes to a lower noise than asked, then
/// adds fresh noise up to it.
/// Source: Karras et al. 2022, algorithm 1 without churn, and k-diffusion `sample_euler_ancestral`; diffusers
/// `EulerDiscreteScheduler` and `EulerAncestralDiscreteScheduler`.
struct EulerSampler: Sampler {
  enum Kind { case plain, ancestral }

  var x: Tensor
  private let kind: Kind
  private let ladder: SigmaLadder
  private(set) var stepsDone = 0

  /// - Parameter noise: standard normal, `[B, 4, H, W]`.
  init(_ kind: Kind, _ ladder: SigmaLadder, noise: Tensor) throws(TorchError) {
    (self.kind, self.ladder) = (kind, ladder)
    x = try noise * ladder.noiseScale
  }

  var point: SamplingPoint? { ladder.point(stepsDone, x) }

  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError) {
    let (sigma, next) = ladder.step(stepsDone)
    let ancestral = AncestralStep(from: sigma, to: next)
    let (down, up) = kind == .plain ? (next, 0) : (ancestral.down, ancestral.up)
    // x + (x − denoised) / σ · (σ' − σ)
    x = try x + (x - denoised) * ((down - sigma) / sigma)
    if kind == .ancestral {
      // Drawn at every step, the last included, where its weight is 0: the order of draws is the reference's.
      let fresh = try noise.draw()
      if up > 0 { x = try x + fresh * up }
    }
    stepsDone += 1
  }
}
