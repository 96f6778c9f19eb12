/// A run that cannot be made as asked.
public enum SamplingError: Error, Sendable, Equatable {
  /// Fewer than one, or more than the method has.
  case steps(Int, limit: Int, SamplingMethod)
  /// The method cannot follow this schedule.
  case sigmas(SigmaSchedule, SamplingMethod)
  /// The method cannot follow this spacing.
  case spacing(TimestepSpacing, SamplingMethod)
  /// The method draws nothing anew.
  case eta(Double, SamplingMethod)
  /// The first timestep carries no signal, from which a network that answers the noise tells nothing.
  case noSignal(SamplingMethod)

  /// The request's field at fault, by its name on the wire.
  public var field: String {
    switch self {
    case .steps: "steps"
    case .sigmas, .noSignal: "scheduler"
    case .spacing: "timestep_spacing"
    case .eta: "eta"
    }
  }
}

extension SamplingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .steps(let steps, let limit, let method):
      "\(method.rawValue) takes 1 to \(limit) steps, not \(steps)"
    case .sigmas(let sigmas, let method):
      "\(method.rawValue) cannot follow the \(sigmas.rawValue) schedule"
    case .spacing(let spacing, let method):
      "\(method.rawValue) has timesteps of its own: \(spacing.rawValue) spacing does not apply"
    case .eta(let eta, let method): "eta is of tcd, from 0 to 1; \(method.rawValue) has no \(eta)"
    case .noSignal(let method):
      "\(method.rawValue) starts where a zero-terminal-SNR model sees no signal, which takes v-prediction"
    }
  }
}
