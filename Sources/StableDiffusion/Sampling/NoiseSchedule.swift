import Glibc

/// How much of a latent is picture and how much is noise, at each of the training's timesteps.
/// Source: SDXL base `scheduler/scheduler_config.json`; diffusers `schedulers/scheduling_euler_discrete.py`.
struct NoiseSchedule: Sendable {
  /// Timesteps of the training (`num_train_timesteps`).
  static let trainTimesteps = 1000
  /// `beta_start` and `beta_end`, between which the square roots of β are evenly spaced (`scaled_linear`).
  static let betaStart = 0.00085
  static let betaEnd = 0.012
  /// `steps_offset`.
  static let stepsOffset = 1
  /// ᾱ of the last timestep once it carries no signal: not 0, so that σ stays finite.
  static let terminalAlpha = 1.0 / 16_777_216

  /// ᾱ, the signal's share of the variance, by timestep: falling from 0.9991 to 0.0047, or to 2⁻²⁴.
  let alphasCumprod: [Double]

  enum Terminal: Sendable {
    /// As trained: a trace of the picture is left in the last timestep.
    case asTrained
    /// Rescaled to none. Source: Lin et al., "Common Diffusion Noise Schedules and Sample Steps Are Flawed",
    /// algorithm 1; diffusers' `rescale_betas_zero_snr`.
    case zeroSNR
  }

  init(_ terminal: Terminal = .asTrained) {
    let (start, end) = (Self.betaStart.squareRoot(), Self.betaEnd.squareRoot())
    var product = 1.0
    var alphas = (0..<Self.trainTimesteps).map { index in
      let root = start + (end - start) * Double(index) / Double(Self.trainTimesteps - 1)
      product *= 1 - root * root
      return product
    }
    if terminal == .zeroSNR {
      let first = alphas[0].squareRoot()
      let last = alphas[alphas.count - 1].squareRoot()
      alphas = alphas.map {
        let scaled = ($0.squareRoot() - last) * first / (first - last)
        return scaled * scaled
      }
      alphas[alphas.count - 1] = Self.terminalAlpha
    }
    alphasCumprod = alphas
  }

  /// The noise of a latent scaled so that its picture has weight 1, at a timestep that may be fractional.
  func sigma(at timestep: Double) -> Double {
    let position = min(max(timestep, 0), Double(alphasCumprod.count - 1))
    let below = Int(position)
    let above = min(below + 1, alphasCumprod.count - 1)
    func sigma(_ index: Int) -> Double { ((1 - alphasCumprod[index]) / alphasCumprod[index]).squareRoot() }
    return sigma(below) + (sigma(above) - sigma(below)) * (position - Double(below))
  }

  /// Timesteps of a run, first to last, spaced `leading`: whole strides from the end of the training, plus
  /// the offset. For samplers whose last evaluation is at timestep 1.
  /// - Parameter steps: 1 to 1000.
  static func leadingTimesteps(_ steps: Int) -> [Double] {
    let stride = trainTimesteps / steps
    return (0..<steps).reversed().map { Double($0 * stride + stepsOffset) }
  }
}
