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
    x = try ladder.start(noise)
  }

  var point: SamplingPoint? { ladder.point(stepsDone, x) }

  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError) {
    let (sigma, next) = ladder.step(stepsDone)
    let up =
      kind == .plain ? 0 : (next * next * (sigma * sigma - next * next) / (sigma * sigma)).squareRoot()
    let down = kind == .plain ? next : (next * next - up * up).squareRoot()
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

/// Falling noise levels with the timesteps they belong to, for methods whose latent is `picture + σ · noise`.
struct SigmaLadder: Sendable {
  let timesteps: [Double]
  /// One more than `timesteps`: the last is 0.
  let sigmas: [Double]

  /// - Parameter steps: 1 to 1000.
  init(_ schedule: NoiseSchedule, steps: Int) {
    timesteps = NoiseSchedule.leadingTimesteps(steps)
    sigmas = timesteps.map(schedule.sigma) + [0]
  }

  /// Pure noise at the run's first level. Source: diffusers' `init_noise_sigma` for leading spacing.
  func start(_ noise: Tensor) throws(TorchError) -> Tensor {
    try noise * (sigmas[0] * sigmas[0] + 1).squareRoot()
  }

  func point(_ index: Int, _ x: Tensor) -> SamplingPoint? {
    guard index < timesteps.count else { return nil }
    return SamplingPoint(x: x, timestep: timesteps[index], alpha: 1, sigma: sigmas[index])
  }

  /// The levels a step goes from and to.
  func step(_ index: Int) -> (from: Double, to: Double) { (sigmas[index], sigmas[index + 1]) }
}
