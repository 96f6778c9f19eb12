/// A step between two levels as a lower one, and fresh noise that makes up for it.
/// Source: k-diffusion `get_ancestral_step` with η 1.
struct AncestralStep {
  /// The level the deterministic part leads to, and the noise added then.
  let down: Double, up: Double

  init(from sigma: Double, to next: Double) {
    // In single precision, as diffusers: from the highest levels of a zero-terminal-SNR model little is left of
    // the difference under the root.
    let (sigma, next) = (Float(sigma), Float(next))
    let up = (next * next * (sigma * sigma - next * next) / (sigma * sigma)).squareRoot()
    self.up = Double(up)
    down = Double((next * next - up * up).squareRoot())
  }
}
