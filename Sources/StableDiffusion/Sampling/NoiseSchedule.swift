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

  /// ᾱ, the signal's share of the variance, by timestep: falling from 0.9991 to 0.0047, 2⁻²⁴ or 0.
  let alphasCumprod: [Double]
  /// σ, the noise of a latent scaled so that its picture has weight 1, by timestep; and its logarithm.
  private let sigmas: [Float]
  private let logSigmas: [Float]

  enum Terminal: Sendable {
    /// As trained: a trace of the picture is left in the last timestep.
    case asTrained
    /// Rescaled to none, with a last level that is finite all the same. Source: Lin et al., "Common Diffusion
    /// Noise Schedules and Sample Steps Are Flawed", algorithm 1; diffusers' `rescale_betas_zero_snr`.
    case zeroSNR
    /// The same with nothing left: for methods that never divide by what is left.
    case exactlyZeroSNR
  }

  init(_ terminal: Terminal = .asTrained) {
    // In single precision wherever diffusers is: networks amplify a difference in the last place of a level.
    let count = Self.trainTimesteps
    let (start, end) = (Float(Self.betaStart.squareRoot()), Float(Self.betaEnd.squareRoot()))
    let step = (end - start) / Float(count - 1)
    var alphas = (0..<count).map { index in
      // torch.linspace counts from the nearer end, and rounds once.
      let root =
        index < count / 2
        ? start.addingProduct(step, Float(index)) : end.addingProduct(-step, Float(count - index - 1))
      return 1 - root * root
    }
    if terminal != .asTrained { alphas = Self.rescaled(alphas) }
    var cumulative = Self.cumulativeProduct(alphas)
    if terminal == .zeroSNR { cumulative[count - 1] = Float(Self.terminalAlpha) }
    alphasCumprod = cumulative.map(Double.init)
    sigmas = cumulative.map { ((1 - $0) / $0).squareRoot() }
    logSigmas = sigmas.map { Float(log(Double($0))) }
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
    let position = min(max(timestep, 0), Double(sigmas.count - 1))
    let below = Int(position)
    let above = min(below + 1, sigmas.count - 1)
    let (low, high) = (Double(sigmas[below]), Double(sigmas[above]))
    return low + (high - low) * (position - Double(below))
  }

  /// The timestep at which a latent has this much noise: fractional, log-linear between the training's own.
  /// Source: diffusers' `_sigma_to_t`.
  func timestep(of sigma: Double) -> Double {
    let value = log(max(sigma, 1e-10))
    let below = max(0, min(logSigmas.partitioningIndex { Double($0) > value } - 1, logSigmas.count - 2))
    let (low, high) = (logSigmas[below], logSigmas[below + 1])
    let share = (Double(low) - value) / Double(low - high)
    return Double(below) + min(max(share, 0), 1)
  }
}

extension [Float] {
  /// The first index whose element, and every one after it, satisfies `isAbove`.
  fileprivate func partitioningIndex(_ isAbove: (Float) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isAbove(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
