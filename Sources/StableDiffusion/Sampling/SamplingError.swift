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
  /// The first timestep carries no signal, from which a network that answers the noise tells nothing. Methods whose
  /// steps can be moved begin elsewhere with `leading` spacing.
  case noSignal(SamplingMethod)
  /// Of so many steps, it leaves none.
  case strength(Double, steps: Int)
  /// The picture to start from is not as large as the result.
  case pictureSize
  /// The mask is not.
  case maskSize
  /// The checkpoint repaints part of a picture and does nothing else: it lacks the picture.
  case noPicture
  /// It lacks the mask.
  case noMask
  /// It knows masked and not masked, nothing between.
  case softMask

  /// The request's field at fault, by its name on the wire.
  public var field: String {
    switch self {
    case .steps: "steps"
    case .sigmas: "scheduler"
    case .noSignal(let method): method.spacings.count > 1 ? "timestep_spacing" : "scheduler"
    case .spacing: "timestep_spacing"
    case .eta: "eta"
    case .strength: "strength"
    case .pictureSize, .noPicture: "image"
    case .maskSize, .noMask, .softMask: "mask"
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
    case .strength(let strength, let steps):
      "strength \(strength) makes none of \(steps) steps: they are multiplied, and the fraction is dropped"
    case .pictureSize: "the picture to start from is not as large as the result"
    case .maskSize: "the mask is not as large as the result"
    case .noPicture, .noMask: "this is an inpainting checkpoint: it takes a picture and a mask"
    case .softMask: "this is an inpainting checkpoint: its mask has no shades between black and white"
    }
  }
}
