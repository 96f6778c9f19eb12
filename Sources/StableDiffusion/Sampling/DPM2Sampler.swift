import Glibc
import Torch

/// DPM-Solver-2: each step goes along the slope at its middle, in the logarithm of the level. The ancestral kind
/// goes to a lower level than asked, then adds fresh noise up to it.
/// Source: Karras et al. 2022, algorithm 2 without churn, and k-diffusion `sample_dpm_2_ancestral`; diffusers
/// `KDPM2DiscreteScheduler` and `KDPM2AncestralDiscreteScheduler`.
struct DPM2Sampler: Sampler {
  enum Kind { case plain, ancestral }

  var x: Tensor
  private let kind: Kind
  private let ladder: SigmaLadder
  /// By step; none for the last one, which leads to level 0 and is Euler's.
  private let targets: [Target]
  private(set) var stepsDone = 0
  /// Where the step under way began, while `x` is at its middle.
  private var start: Tensor?

  /// Where a step leads: through a middle to a level below, with noise added afterwards.
  private struct Target {
    let middle: (sigma: Double, timestep: Double)
    let down: Double, up: Double
  }

  /// - Parameter noise: standard normal, `[B, 4, H, W]`.
  init(
    _ kind: Kind, _ ladder: SigmaLadder, _ schedule: NoiseSchedule, noise: Tensor
  ) throws(TorchError) {
    (self.kind, self.ladder) = (kind, ladder)
    x = try noise * ladder.noiseScale
    targets = (0..<ladder.timesteps.count - 1).map { index in
      let (sigma, next) = ladder.step(index)
      let step = AncestralStep(from: sigma, to: next)
      let down = kind == .plain ? next : step.down
      let middle = Double(Float((sigma * down).squareRoot()))
      let timestep = Double(Float(schedule.timestep(of: middle)))
      return Target(middle: (middle, timestep), down: down, up: kind == .plain ? 0 : step.up)
    }
  }

  var point: SamplingPoint? {
    guard start != nil else { return ladder.point(stepsDone, x) }
    let middle = targets[stepsDone].middle
    return SamplingPoint(x: x, timestep: middle.timestep, alpha: 1, sigma: middle.sigma)
  }

  /// In the middle of a step, as diffusers sees it, the level which the step leads to.
  var level: NoiseLevel? {
    let index = start == nil ? stepsDone : stepsDone + 1
    return ladder.point(index, x).map { NoiseLevel(alpha: $0.alpha, sigma: $0.sigma) }
  }

  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError) {
    let (sigma, next) = ladder.step(stepsDone)
    if let start {
      let target = targets[stepsDone]
      x = try start + (x - denoised) * ((target.down - sigma) / target.middle.sigma)
      if kind == .ancestral { x = try x + noise.draw() * target.up }
      self.start = nil
      stepsDone += 1
    } else if next > 0 {
      start = x
      x = try x + (x - denoised) * ((targets[stepsDone].middle.sigma - sigma) / sigma)
    } else {
      x = denoised
      stepsDone += 1
    }
  }
}
