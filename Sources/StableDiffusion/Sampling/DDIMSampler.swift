import Torch

/// DDIM without noise: the network's picture and noise, mixed anew at the next timestep.
/// Source: Song et al. 2020, "Denoising Diffusion Implicit Models", equation 12 with η 0; diffusers
/// `DDIMScheduler` with `set_alpha_to_one=False`.
struct DDIMSampler: Sampler {
  var x: Tensor
  private let timesteps: [Int]
  /// How far a step leads, whatever the spacing.
  private let stride: Int
  private let schedule: NoiseSchedule
  private(set) var stepsDone = 0

  /// - Parameter noise: standard normal, `[B, 4, H, W]`.
  init(_ plan: SamplingPlan, _ schedule: NoiseSchedule, noise: Tensor) {
    timesteps = plan.spacing.timesteps(plan.steps).dropFirst(plan.firstStep)
      .map { Int($0.rounded(.toNearestOrEven)) }
    stride = NoiseSchedule.trainTimesteps / plan.steps
    (self.schedule, x) = (schedule, noise)
  }

  var point: SamplingPoint? {
    guard stepsDone < timesteps.count else { return nil }
    return schedule.point(timesteps[stepsDone], x)
  }

  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError) {
    let (alpha, sigma) = schedule.weights(timesteps[stepsDone])
    // The last step leads to the first timestep, not to a clean picture.
    let next = schedule.weights(max(0, timesteps[stepsDone] - stride))
    // α' x₀ + σ' ε, where ε = (x − α x₀) / σ
    let kept = next.sigma / sigma
    x = try denoised * (next.alpha - alpha * kept) + x * kept
    stepsDone += 1
  }
}

extension NoiseSchedule {
  /// The weights of picture and noise in a latent of unit variance.
  func weights(_ timestep: Int) -> (alpha: Double, sigma: Double) {
    let share = alphasCumprod[timestep]
    return (share.squareRoot(), (1 - share).squareRoot())
  }

  /// The network's question about a latent of unit variance.
  func point(_ timestep: Int, _ x: Tensor) -> SamplingPoint {
    let (alpha, sigma) = weights(timestep)
    return SamplingPoint(x: x, timestep: Double(timestep), alpha: alpha, sigma: sigma)
  }
}
