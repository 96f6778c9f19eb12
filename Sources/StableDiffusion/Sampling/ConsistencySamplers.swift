import Glibc
import Torch

/// The timesteps that distilled models know.
/// Source: diffusers `LCMScheduler.set_timesteps`, `original_inference_steps=50`.
enum DistilledTimesteps {
  /// How many there are.
  static let count = 50

  /// A run's: every so many of them, from the last, 999, as far as the run makes their steps.
  static func chosen(_ plan: SamplingPlan) -> [Int] {
    let stride = NoiseSchedule.trainTimesteps / count
    let skip = Double(count) / Double(plan.steps)
    return (plan.firstStep..<plan.steps).map { (count - Int(Double($0) * skip)) * stride - 1 }
  }
}

/// Latent consistency models: the network's picture, noised anew at every timestep but the last.
/// Source: Luo et al. 2023, "Latent Consistency Models", algorithm 3; diffusers `LCMScheduler`.
struct LCMSampler: Sampler {
  var x: Tensor
  private let timesteps: [Int]
  private let schedule: NoiseSchedule
  private(set) var stepsDone = 0

  /// - Parameter noise: standard normal, `[B, 4, H, W]`.
  init(_ plan: SamplingPlan, _ schedule: NoiseSchedule, noise: Tensor) {
    (timesteps, self.schedule, x) = (DistilledTimesteps.chosen(plan), schedule, noise)
  }

  var point: SamplingPoint? {
    guard stepsDone < timesteps.count else { return nil }
    return schedule.point(timesteps[stepsDone], x)
  }

  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError) {
    let (skip, out) = Self.boundary(timesteps[stepsDone])
    let picture = try denoised * out + x * skip
    stepsDone += 1
    guard stepsDone < timesteps.count else { return x = picture }
    let (alpha, sigma) = schedule.weights(timesteps[stepsDone])
    x = try picture * alpha + noise.draw() * sigma
  }

  /// What of the latent, and what of the picture, makes the answer: at timestep 0, the latent itself.
  private static func boundary(_ timestep: Int) -> (skip: Double, out: Double) {
    // `sigma_data` and `timestep_scaling`.
    let (data, scaled) = (0.5, Double(timestep) * 10)
    let total = scaled * scaled + data * data
    return (data * data / total, scaled / total.squareRoot())
  }
}

/// Trajectory consistency distillation: jumps below the next timestep, then adds noise up to it.
/// Source: Zheng et al. 2024, "Trajectory Consistency Distillation", algorithm 4; diffusers `TCDScheduler`.
struct TCDSampler: Sampler {
  var x: Tensor
  private let timesteps: [Int]
  private let schedule: NoiseSchedule
  /// How far below the next timestep a jump leads, as a share of it: γ in the paper.
  private let eta: Double
  private(set) var stepsDone = 0

  /// - Parameter noise: standard normal, `[B, 4, H, W]`.
  init(_ plan: SamplingPlan, _ schedule: NoiseSchedule, noise: Tensor) {
    (timesteps, self.schedule, x) = (DistilledTimesteps.chosen(plan), schedule, noise)
    eta = plan.eta
  }

  var point: SamplingPoint? {
    guard stepsDone < timesteps.count else { return nil }
    return schedule.point(timesteps[stepsDone], x)
  }

  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError) {
    let (alpha, sigma) = schedule.weights(timesteps[stepsDone])
    stepsDone += 1
    let isLast = stepsDone == timesteps.count
    let next = isLast ? 0 : timesteps[stepsDone]
    let below = Int((1 - eta) * Double(next))
    let target = schedule.weights(below)
    // α' x₀ + σ' ε, where ε = (x − α x₀) / σ
    let kept = target.sigma / sigma
    x = try denoised * (target.alpha - alpha * kept) + x * kept
    if isLast || eta == 0 { return }
    let share = schedule.alphasCumprod[next] / schedule.alphasCumprod[below]
    x = try x * share.squareRoot() + noise.draw() * (1 - share).squareRoot()
  }
}
