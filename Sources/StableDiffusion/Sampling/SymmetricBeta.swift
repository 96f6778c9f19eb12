import Glibc

/// The beta distribution whose two shapes are equal.
struct SymmetricBeta: Sendable {
  private let shape: Double
  /// The incomplete beta function at the middle: half of the complete one.
  private let half: Double

  /// - Parameter shape: above 0, at most 1.
  init(_ shape: Double) {
    self.shape = shape
    half = Self.incomplete(0.5, shape)
  }

  /// The value below which a share of the distribution lies: `scipy.stats.beta.ppf(share, shape, shape)`.
  /// - Parameter share: 0 to 1.
  func quantile(_ share: Double) -> Double {
    if share > 0.5 { return 1 - quantile(1 - share) }
    guard share > 0 else { return 0 }
    let target = 2 * half * share
    // Below the middle the function lies between x^a / a and twice that, so bisection has a bracket; it halves
    // until no number is left between the ends.
    var (low, high) = (0.0, 0.5)
    while true {
      let middle = (low + high) / 2
      guard middle > low, middle < high else { return high }
      if Self.incomplete(middle, shape) < target { low = middle } else { high = middle }
    }
  }

  /// `∫₀ˣ t^(a−1) (1−t)^(a−1) dt` for x up to 1/2, as `x^a Σ (1−a)ₙ / (n! (a + n)) xⁿ`.
  private static func incomplete(_ x: Double, _ a: Double) -> Double {
    var (coefficient, sum, n) = (1.0, 1 / a, 0.0)
    while true {
      n += 1
      coefficient *= (n - a) / n * x
      let next = sum + coefficient / (a + n)
      guard next > sum else { return sum * pow(x, a) }
      sum = next
    }
  }
}
