import Torch

/// A sampling method with everything that chooses its steps.
public struct SamplingPlan: Sendable, Equatable {
  public let method: SamplingMethod
  public let sigmas: SigmaSchedule
  public let spacing: TimestepSpacing
  public let steps: Int
  /// The first step that is made: above 0 for a run that starts from a picture.
  public private(set) var firstStep = 0
  /// TCD's γ: how far below the next timestep a jump leads, as a share of it, 0 to 1.
  public let eta: Double

  /// - Parameters: steps 1 to the method's `stepLimit`; eta 0 to 1, 0 for every method but `tcd`.
  /// - Throws: when the method cannot do this.
  public init(
    _ method: SamplingMethod, sigmas: SigmaSchedule = .normal, spacing: TimestepSpacing = .leading,
    steps: Int, eta: Double = 0
  ) throws(SamplingError) {
    guard method.sigmaSchedules.contains(sigmas) else { throw .sigmas(sigmas, method) }
    guard method.spacings.contains(spacing) else { throw .spacing(spacing, method) }
    guard (1...method.stepLimit).contains(steps) else {
      throw .steps(steps, limit: method.stepLimit, method)
    }
    guard eta == 0 || method == .tcd && (0...1).contains(eta) else { throw .eta(eta, method) }
    (self.method, self.sigmas, self.spacing) = (method, sigmas, spacing)
    (self.steps, self.eta) = (steps, eta)
  }

  /// Steps that are made.
  public var stepsMade: Int { steps - firstStep }

  /// The part of this run that changes a picture by so much: the last `min(⌊steps · strength⌋, steps)` steps.
  /// Source: diffusers `StableDiffusionXLImg2ImgPipeline.get_timesteps`.
  /// - Parameter strength: 0 to 1.
  /// - Throws: `SamplingError.strength` when no step is left.
  public func part(strength: Double) throws(SamplingError) -> SamplingPlan {
    guard (0...1).contains(strength), Int(Double(steps) * strength) > 0 else {
      throw .strength(strength, steps: steps)
    }
    var part = self
    part.firstStep = steps - min(Int(Double(steps) * strength), steps)
    return part
  }
}

extension SamplingPlan {
  /// A run's sampler, with the latent it starts from.
  /// - Parameters:
  ///   - zeroTerminalSNR: whether the model's last timestep carries no signal.
  ///   - noise: standard normal, float32 `[B, 4, H, W]`.
  ///   - picture: latents to start from, made as noisy as the first level; `nil` starts from noise alone.
  func start(zeroTerminalSNR: Bool, noise: Tensor, picture: Tensor? = nil) throws(TorchError) -> any Sampler {
    var sampler = try sampler(schedule(zeroTerminalSNR: zeroTerminalSNR), noise: noise)
    if let picture, let level = sampler.level { sampler.x = try level.noised(picture, noise) }
    return sampler
  }

  private func sampler(_ schedule: NoiseSchedule, noise: Tensor) throws(TorchError) -> any Sampler {
    switch method {
    case .euler: return try EulerSampler(.plain, ladder(schedule), noise: noise)
    case .eulerAncestral: return try EulerSampler(.ancestral, ladder(schedule), noise: noise)
    case .heun: return try HeunSampler(ladder(schedule), noise: noise)
    case .dpm2: return try DPM2Sampler(.plain, ladder(schedule), schedule, noise: noise)
    case .dpm2Ancestral: return try DPM2Sampler(.ancestral, ladder(schedule), schedule, noise: noise)
    case .lms: return try LMSSampler(wholeLadder(schedule), skipping: firstStep, noise: noise)
    case .dpmpp2M: return DPMSolverSampler(.ode, ladder(schedule), noise: noise)
    case .dpmpp2MSDE: return DPMSolverSampler(.sde, ladder(schedule), noise: noise)
    case .uniPC: return UniPCSampler(ladder(schedule), noise: noise)
    case .ddim: return DDIMSampler(self, schedule, noise: noise)
    case .lcm: return LCMSampler(self, schedule, noise: noise)
    case .tcd: return TCDSampler(self, schedule, noise: noise)
    }
  }

  /// The training's noise as the method's class in diffusers sees it.
  func schedule(zeroTerminalSNR: Bool) -> NoiseSchedule {
    guard zeroTerminalSNR, method.honoursZeroTerminalSNR else { return NoiseSchedule(.asTrained) }
    switch method {
    case .ddim, .lcm, .tcd: return NoiseSchedule(.exactlyZeroSNR)
    default: return NoiseSchedule(.zeroSNR)
    }
  }

  /// The levels of a method that works on a ladder of them, from the run's first.
  func ladder(_ schedule: NoiseSchedule) -> SigmaLadder { wholeLadder(schedule).dropFirst(firstStep) }

  private func wholeLadder(_ schedule: NoiseSchedule) -> SigmaLadder {
    switch method {
    case .dpmpp2M, .dpmpp2MSDE, .uniPC: SigmaLadder(self, .unitVariance, schedule)
    case .dpm2, .dpm2Ancestral: SigmaLadder(self, .karrasAtWholeTimesteps, schedule)
    default: SigmaLadder(self, .fractional, schedule)
    }
  }
}
