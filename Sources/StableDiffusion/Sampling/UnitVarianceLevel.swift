import Glibc

/// A level as methods see it that keep the latent's variance at 1, in float32 as diffusers computes it.
struct UnitVarianceLevel {
  /// The weights of picture and noise.
  let alpha: Float, sigma: Float
  /// `log(α / σ)`, half of the log signal-to-noise ratio; infinite at the end.
  let lambda: Float

  /// - Parameter level: noise over picture.
  init(_ level: Double) {
    let level = Float(level)
    alpha = 1 / (level * level + 1).squareRoot()
    sigma = level * alpha
    lambda = log(alpha) - log(sigma)
  }
}
