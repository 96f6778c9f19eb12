/// The samplers, by their snake-case ids.
public enum SchedulerName: String, Codable, Sendable, Hashable, CaseIterable {
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

/// How the noise levels of a run fall, beside the training's own way.
public enum SigmaSchedule: String, Codable, Sendable, Hashable, CaseIterable {
  /// The training's levels at the run's timesteps.
  case normal = "normal"
  case karras = "karras"
  case exponential = "exponential"
  case beta = "beta"
  /// Align Your Steps.
  case ays = "ays"
}

/// Which of the training's timesteps a run uses.
public enum TimestepSpacing: String, Codable, Sendable, Hashable, CaseIterable {
  case leading, trailing, linspace
}

/// A sampler with everything that chooses its steps.
public struct SchedulerChoice: Codable, Sendable, Hashable {
  public var name: SchedulerName
  public var sigmas: SigmaSchedule
  public var spacing: TimestepSpacing
  /// How much of each jump TCD draws anew, 0 to 1; 0 for every other sampler.
  public var eta = 0.0

  public init(
    _ name: SchedulerName, sigmas: SigmaSchedule = .normal, spacing: TimestepSpacing = .leading
  ) {
    (self.name, self.sigmas, self.spacing) = (name, sigmas, spacing)
  }

  /// `euler_a`, `dpmpp_2m_karras`, …
  public var id: String { sigmas == .normal ? name.rawValue : "\(name.rawValue)_\(sigmas.rawValue)" }
}

extension SchedulerName {
  /// The schedules this sampler can follow: those that diffusers' class of it has, `ays` where the class takes
  /// timesteps.
  public var sigmaSchedules: [SigmaSchedule] {
    switch self {
    case .euler, .heun, .dpmpp2M, .dpmpp2MSDE: SigmaSchedule.allCases
    case .uniPC, .dpm2, .dpm2Ancestral, .lms: [.normal, .karras, .exponential, .beta]
    case .eulerAncestral, .ddim, .lcm, .tcd: [.normal]
    }
  }

  /// Whether `timestep_spacing` changes its steps: the distilled samplers have steps of their own.
  public var spacings: [TimestepSpacing] {
    switch self {
    case .lcm, .tcd: [.leading]
    default: TimestepSpacing.allCases
    }
  }
}
