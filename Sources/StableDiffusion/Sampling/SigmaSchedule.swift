import Glibc

/// How the noise levels of a run fall, beside the training's own way.
public enum SigmaSchedule: String, Sendable, CaseIterable {
  /// The training's levels at the run's timesteps.
  case normal
  /// Source: Karras et al. 2022, equation 5.
  case karras
  /// Evenly in the logarithm. Source: k-diffusion `get_sigmas_exponential`.
  case exponential
  /// By the quantiles of a beta distribution. Source: Lee et al., "Beta Sampling is All You Need".
  case beta
  /// Align Your Steps. Source: Sabour et al. 2024, and its authors' tables.
  case ays
}

/// Levels between a highest and a lowest one, both included, falling. Source: diffusers
/// `EulerDiscreteScheduler._convert_to_karras`, `…_exponential` and `…_beta`.
enum SigmaCurve {
  case karras, exponential, beta

  /// - Parameter steps: at least 1; with 1 there is the highest level alone.
  func levels(from top: Double, to bottom: Double, steps: Int) -> [Double] {
    switch self {
    case .karras:
      let rho = 7.0
      let (first, last) = (pow(top, 1 / rho), pow(bottom, 1 / rho))
      return evenly(from: 0, to: 1, count: steps).map { pow(first + $0 * (last - first), rho) }
    case .exponential:
      return evenly(from: log(top), to: log(bottom), count: steps).map { exp($0) }
    case .beta:
      let distribution = SymmetricBeta(0.6)
      return evenly(from: 0, to: 1, count: steps).map {
        bottom + distribution.quantile(1 - $0) * (top - bottom)
      }
    }
  }
}

/// The timesteps that suit SDXL best when there are ten, and levels between them for other counts.
/// Source: Sabour et al. 2024, "Align Your Steps"; diffusers' `AysSchedules`.
enum AlignYourSteps {
  /// `StableDiffusionXLTimesteps`.
  static let timesteps: [Double] = [999, 845, 730, 587, 443, 310, 193, 116, 53, 13]

  /// As the authors do for another number of steps: levels interpolated log-linearly over the run, which ends
  /// at the training's lowest level (and then at 0).
  static func levels(_ schedule: NoiseSchedule, steps: Int) -> [Double] {
    let known = (timesteps + [0]).map { log(schedule.sigma(at: $0)) }
    let last = known.count - 1
    return evenly(from: 0, to: Double(last), count: steps + 1).dropLast().map { position in
      let below = min(Int(position), last - 1)
      return exp(known[below] + (known[below + 1] - known[below]) * (position - Double(below)))
    }
  }
}
