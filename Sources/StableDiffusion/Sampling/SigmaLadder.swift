import Torch

/// Falling noise levels with the timesteps they belong to.
///
/// A level is the noise of a latent scaled so that its picture has weight 1.
struct SigmaLadder: Sendable {
  let timesteps: [Double]
  /// One more than `timesteps`: the last is 0. Values that float32 holds, as diffusers keeps them.
  let sigmas: [Double]
  /// What standard normal noise is multiplied with at the run's start.
  let noiseScale: Double

  /// The rules by which levels are found: diffusers' classes differ in them.
  enum Rules {
    /// A schedule spans the run's own levels, its timesteps are fractional; the latent is
    /// `picture + σ · noise`. Source: `EulerDiscreteScheduler`.
    case fractional
    /// The same, but the timesteps of Karras' levels are rounded. Source: `KDPM2DiscreteScheduler`.
    case karrasAtWholeTimesteps
    /// A schedule spans all of the training, timesteps are whole, and the latent has unit variance. Source:
    /// `DPMSolverMultistepScheduler`, `UniPCMultistepScheduler`.
    case unitVariance
  }

  init(_ plan: SamplingPlan, _ rules: Rules, _ schedule: NoiseSchedule) {
    let spacing = plan.spacing
    let exact =
      rules == .unitVariance ? spacing.timestepsAboveFirst(plan.steps) : spacing.timesteps(plan.steps)
    let spaced = exact.map { Double(Float($0)) }
    let levels = Self.levels(plan, rules, schedule, spaced)
    let times =
      levels.map { $0.map { rules.rounded(schedule.timestep(of: $0), plan.sigmas) } }
      ?? (plan.sigmas == .ays ? AlignYourSteps.timesteps : spaced)
    timesteps = times.map { Double(Float($0)) }
    sigmas = (levels ?? times.map(schedule.sigma)).map { Double(Float($0)) } + [0]
    noiseScale =
      switch (rules, plan.spacing) {
      case (.unitVariance, _): 1
      // As though the picture had unit variance, too.
      case (_, .leading): (sigmas[0] * sigmas[0] + 1).squareRoot()
      case (_, .trailing), (_, .linspace): sigmas[0]
      }
  }

  /// - Returns: `nil` for the training's own levels at known timesteps.
  private static func levels(
    _ plan: SamplingPlan, _ rules: Rules, _ schedule: NoiseSchedule, _ spaced: [Double]
  ) -> [Double]? {
    let curve: SigmaCurve
    switch plan.sigmas {
    case .normal: return nil
    case .ays where plan.steps == AlignYourSteps.timesteps.count: return nil
    case .ays: return AlignYourSteps.levels(schedule, steps: plan.steps)
    case .karras: curve = .karras
    case .exponential: curve = .exponential
    case .beta: curve = .beta
    }
    let last = Double(NoiseSchedule.trainTimesteps - 1)
    let (from, to) = rules == .unitVariance ? (last, 0) : (spaced[0], spaced[plan.steps - 1])
    return curve.levels(from: schedule.sigma(at: from), to: schedule.sigma(at: to), steps: plan.steps)
  }

  private init(timesteps: [Double], sigmas: [Double], noiseScale: Double) {
    (self.timesteps, self.sigmas, self.noiseScale) = (timesteps, sigmas, noiseScale)
  }

  /// Without the first `count` steps, for a run that starts below them.
  func dropFirst(_ count: Int) -> SigmaLadder {
    SigmaLadder(
      timesteps: Array(timesteps.dropFirst(count)), sigmas: Array(sigmas.dropFirst(count)),
      noiseScale: noiseScale)
  }

  /// The network's question at the start of a step, for a latent that is `picture + σ · noise`.
  func point(_ index: Int, _ x: Tensor) -> SamplingPoint? {
    guard index < timesteps.count else { return nil }
    return SamplingPoint(x: x, timestep: timesteps[index], alpha: 1, sigma: sigmas[index])
  }

  /// The same for a latent of unit variance.
  func unitVariancePoint(_ index: Int, _ x: Tensor) -> SamplingPoint? {
    guard index < timesteps.count else { return nil }
    let alpha = 1 / (sigmas[index] * sigmas[index] + 1).squareRoot()
    return SamplingPoint(x: x, timestep: timesteps[index], alpha: alpha, sigma: sigmas[index] * alpha)
  }

  /// The levels a step goes from and to.
  func step(_ index: Int) -> (from: Double, to: Double) { (sigmas[index], sigmas[index + 1]) }
}

extension SigmaLadder.Rules {
  /// What becomes of a timestep that was found for a level.
  fileprivate func rounded(_ timestep: Double, _ sigmas: SigmaSchedule) -> Double {
    switch (self, sigmas) {
    case (.fractional, _): timestep
    case (.karrasAtWholeTimesteps, .karras): timestep.rounded(.toNearestOrEven)
    case (.karrasAtWholeTimesteps, _): timestep
    // Cast to int64 without rounding in diffusers.
    case (.unitVariance, .exponential), (.unitVariance, .beta): timestep.rounded(.towardZero)
    case (.unitVariance, _): timestep.rounded(.toNearestOrEven)
    }
  }
}
