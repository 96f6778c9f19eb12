import Torch

/// Linear multistep (Adams–Bashforth of order 4) on levels that are not evenly spaced.
/// Source: k-diffusion `sample_lms`; diffusers `LMSDiscreteScheduler`.
struct LMSSampler: Sampler {
  private static let order = 4

  var x: Tensor
  private let ladder: SigmaLadder
  private(set) var stepsDone = 0
  /// Slopes of the last steps, the newest first.
  private var slopes: [Tensor] = []

  /// - Parameter noise: standard normal, `[B, 4, H, W]`.
  init(_ ladder: SigmaLadder, noise: Tensor) throws(TorchError) {
    self.ladder = ladder
    x = try noise * ladder.noiseScale
  }

  var point: SamplingPoint? { ladder.point(stepsDone, x) }

  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError) {
    let slope = try (x - denoised) * (1 / ladder.sigmas[stepsDone])
    slopes = [slope] + slopes.prefix(Self.order - 1)
    let (from, to) = ladder.step(stepsDone)
    let levels = slopes.indices.map { ladder.sigmas[stepsDone - $0] }
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
