import Torch

/// Linear multistep (Adams–Bashforth of order 4) on levels that are not evenly spaced.
/// Source: k-diffusion `sample_lms`; diffusers `LMSDiscreteScheduler`.
struct LMSSampler: Sampler {
  private static let order = 4

  var x: Tensor
  private let ladder: SigmaLadder
  /// Steps of the ladder before this run's first.
  private let skipped: Int
  private(set) var stepsDone = 0
  /// Slopes of the last steps, the newest first.
  private var slopes: [Tensor] = []

  /// - Parameters: ladder with the levels above the run's own; skipped how many those are; noise standard normal,
  ///   `[B, 4, H, W]`.
  init(_ ladder: SigmaLadder, skipping skipped: Int, noise: Tensor) throws(TorchError) {
    (self.ladder, self.skipped) = (ladder, skipped)
    x = try noise * ladder.noiseScale
  }

  var point: SamplingPoint? { ladder.point(skipped + stepsDone, x) }

  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError) {
    let index = skipped + stepsDone
    let slope = try (x - denoised) * (1 / ladder.sigmas[index])
    slopes = [slope] + slopes.prefix(Self.order - 1)
    let (from, to) = ladder.step(index)
    // As in diffusers, the order counts skipped levels too, though there are no slopes of them.
    let levels = (0..<min(index + 1, Self.order)).map { ladder.sigmas[index - $0] }
    var change = try slope * Self.weight(of: 0, at: levels, from: from, to: to)
    for index in slopes.indices.dropFirst() {
      change = try change + slopes[index] * Self.weight(of: index, at: levels, from: from, to: to)
    }
    x = try x + change
    stepsDone += 1
  }

  /// The integral of the polynomial that is 1 at one of the levels and 0 at the others.
  private static func weight(of index: Int, at levels: [Double], from: Double, to: Double) -> Double {
    func basis(_ sigma: Double) -> Double {
      levels.indices.reduce(1.0) { product, other in
        other == index ? product : product * (sigma - levels[other]) / (levels[index] - levels[other])
      }
    }
    // Simpson's rule, which is exact up to the third degree.
    return (to - from) / 6 * (basis(from) + 4 * basis((from + to) / 2) + basis(to))
  }
}
