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
    // In single precision wherever diffusers is: networks amplify a difference in the last place of a level.
    let count = Self.trainTimesteps
    let (start, end) = (Float(Self.betaStart.squareRoot()), Float(Self.betaEnd.squareRoot()))
    let step = (end - start) / Float(count - 1)
    var alphas = (0..<count).map { index in
      // torch.linspace counts from the nearer end.
      let root = index < count / 2 ? start + step * Float(index) : end - step * Float(count - index - 1)
      return 1 - root * root
    }
    if terminal == .zeroSNR { alphas = Self.rescaled(alphas) }
    var cumulative = Self.cumulativeProduct(alphas)
    if terminal == .zeroSNR { cumulative[count - 1] = Float(Self.terminalAlpha) }
    alphasCumprod = cumulative.map(Double.init)
  }

  /// diffusers' `rescale_zero_terminal_snr`, on α instead of β.
  private static func rescaled(_ alphas: [Float]) -> [Float] {
    let roots = cumulativeProduct(alphas).map { $0.squareRoot() }
    let (first, last) = (roots[0], roots[roots.count - 1])
    let scale = first / (first - last)
    let bars = roots.map { root in
      let scaled = (root - last) * scale
      return scaled * scaled
    }
    return bars.indices.map { index in
      let alpha = index == 0 ? bars[0] : bars[index] / bars[index - 1]
      return 1 - (1 - alpha)
    }
  }

  /// As torch.cumprod: accumulated in double precision, kept in single.
  private static func cumulativeProduct(_ values: [Float]) -> [Float] {
    var product = 1.0
    return values.map { value in
      product *= Double(value)
      return Float(product)
    }
  }

  /// The noise of a latent scaled so that its picture has weight 1, at a timestep that may be fractional.
  func sigma(at timestep: Double) -> Double {
    let position = min(max(timestep, 0), Double(alphasCumprod.count - 1))
    let below = Int(position)
    let above = min(below + 1, alphasCumprod.count - 1)
    func sigma(_ index: Int) -> Double {
      let alpha = Float(alphasCumprod[index])
      return Double(((1 - alpha) / alpha).squareRoot())
    }
    let value = sigma(below) + (sigma(above) - sigma(below)) * (position - Double(below))
    return Double(Float(value))
  }

  /// Timesteps of a run, first to last, spaced `leading`: whole strides from the end of the training, plus
  /// the offset. For samplers whose last evaluation is at timestep 1.
  /// - Parameter steps: 1 to 1000.
  static func leadingTimesteps(_ steps: Int) -> [Double] {
    let stride = trainTimesteps / steps
    return (0..<steps).reversed().map { Double($0 * stride + stepsOffset) }
  }
}
