/// Which of the training's timesteps a run uses.
/// Source: Lin et al., "Common Diffusion Noise Schedules and Sample Steps Are Flawed", table 2; diffusers'
/// `timestep_spacing`.
public enum TimestepSpacing: String, Sendable, CaseIterable {
  /// Whole strides, plus an offset of 1: never the last timesteps.
  case leading
  /// Whole strides from the last timestep down: never the first ones.
  case trailing
  /// Evenly from the last timestep to the first.
  case linspace
}

extension TimestepSpacing {
  /// A run's timesteps, falling, where the last evaluation may be at the first timestep.
  /// Source: diffusers `EulerDiscreteScheduler.set_timesteps`.
  /// - Parameter steps: 1 to 1000.
  /// - Returns: whole numbers, but for `linspace`.
  func timesteps(_ steps: Int) -> [Double] {
    switch self {
    case .leading:
      let stride = NoiseSchedule.trainTimesteps / steps
      return (0..<steps).reversed().map { Double($0 * stride + NoiseSchedule.stepsOffset) }
    case .trailing: return trailing(steps)
    case .linspace:
      let last = Double(NoiseSchedule.trainTimesteps - 1)
      return evenly(from: 0, to: last, count: steps).reversed()
    }
  }

  /// A run's timesteps, falling, where one more step would lead to the first timestep: whole numbers.
  /// Source: diffusers `DPMSolverMultistepScheduler.set_timesteps`.
  /// - Parameter steps: 1 to 999.
  func timestepsAboveFirst(_ steps: Int) -> [Double] {
    switch self {
    case .leading:
      let stride = NoiseSchedule.trainTimesteps / (steps + 1)
      return (1...steps).reversed().map { Double($0 * stride + NoiseSchedule.stepsOffset) }
    case .trailing: return trailing(steps)
    case .linspace:
      let last = Double(NoiseSchedule.trainTimesteps - 1)
      return evenly(from: 0, to: last, count: steps + 1).dropFirst().reversed()
        .map { $0.rounded(.toNearestOrEven) }
    }
  }

  private func trailing(_ steps: Int) -> [Double] {
    let count = Double(NoiseSchedule.trainTimesteps)
    // numpy.arange's stride is what is left of it after one addition, and halves are rounded by it.
    let stride = (count - count / Double(steps)) - count
    // Its own count is one too high for some numbers of steps (61, 103, …): a last timestep of −1.
    return (0..<steps).map { (count + Double($0) * stride).rounded(.toNearestOrEven) - 1 }
  }
}

/// `count` values from `first` to `last`. Source: numpy.linspace.
func evenly(from first: Double, to last: Double, count: Int) -> [Double] {
  guard count > 1 else { return [first] }
  let step = (last - first) / Double(count - 1)
  return (0..<count - 1).map { Double($0) * step + first } + [last]
}
