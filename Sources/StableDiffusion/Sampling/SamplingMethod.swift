/// The sampling methods, by the names that requests use.
public enum SamplingMethod: String, Sendable, CaseIterable {
  case eulerAncestral = "euler_a"
  case euler = "euler"
  case heun = "heun"
  case dpmpp2M = "dpmpp_2m"
  case dpmpp2MSDE = "dpmpp_2m_sde"
  case ddim = "ddim"
  case uniPC = "unipc"
  case lcm = "lcm"
  case tcd = "tcd"
  case dpm2 = "dpm2"
  case dpm2Ancestral = "dpm2_a"
  case lms = "lms"
}

extension SamplingMethod {
  /// Whether a run of a zero-terminal-SNR model uses that model's noise levels. The other methods use the
  /// levels of ordinary training, as their classes in diffusers have no `rescale_betas_zero_snr`.
  public var honoursZeroTerminalSNR: Bool {
    switch self {
    case .eulerAncestral, .euler, .dpmpp2M, .dpmpp2MSDE, .ddim, .uniPC, .lcm, .tcd: true
    case .heun, .dpm2, .dpm2Ancestral, .lms: false
    }
  }

  /// The schedules it can follow: `use_…_sigmas` of its class in diffusers, and `ays` where
  /// `set_timesteps` takes timesteps.
  public var sigmaSchedules: [SigmaSchedule] {
    switch self {
    case .euler, .heun, .dpmpp2M, .dpmpp2MSDE: SigmaSchedule.allCases
    case .uniPC, .dpm2, .dpm2Ancestral, .lms: [.normal, .karras, .exponential, .beta]
    case .eulerAncestral, .ddim, .lcm, .tcd: [.normal]
    }
  }

  /// The spacings it can follow: distilled models are sampled at timesteps of their own.
  public var spacings: [TimestepSpacing] {
    switch self {
    case .lcm, .tcd: [.leading]
    default: TimestepSpacing.allCases
    }
  }

  /// Evaluations of the network in `steps` steps: methods of second order take two a step, one in the last.
  func evaluations(of steps: Int) -> Int {
    switch self {
    case .heun, .dpm2, .dpm2Ancestral: 2 * steps - 1
    default: steps
    }
  }

  /// The most steps of a run: with more, some spacing would come to a timestep twice.
  public var stepLimit: Int {
    switch self {
    case .lcm, .tcd: DistilledTimesteps.count
    default: NoiseSchedule.trainTimesteps / 2
    }
  }
}
