import Torch

/// Where a sampler wants the network's answer next.
///
/// The latent there is `alpha · picture + sigma · noise`.
struct SamplingPoint {
  /// The latent, float32 `[B, 4, H, W]`.
  let x: Tensor
  /// The time as the network sees it, 0 to 999; may be fractional.
  let timestep: Double
  /// The picture's weight, 0 to 1.
  let alpha: Double
  /// The noise's weight.
  let sigma: Double
}

/// A mixture of a picture and standard normal noise.
struct NoiseLevel {
  /// The weights of picture and noise.
  let alpha: Double, sigma: Double

  /// A picture made as noisy as this. Source: diffusers' `add_noise` of each scheduler.
  /// - Parameters: picture and noise of one shape.
  func noised(_ picture: Tensor, _ noise: Tensor) throws(TorchError) -> Tensor {
    try picture * alpha + noise * sigma
  }
}

/// A sampling method in the middle of a run: a value that asks for points and is resumed with answers.
///
/// It knows nothing of guidance, prompts or the VAE. Second-order methods ask twice a step.
protocol Sampler {
  /// What to evaluate next; `nil` when the run is over.
  var point: SamplingPoint? { get }
  /// The latent as it stands: the result, once the run is over. Replacing it leaves the history alone.
  var x: Tensor { get set }
  /// The weights of picture and noise in `x` as it stands; `nil` once the run is over, where there is picture alone.
  var level: NoiseLevel? { get }
  /// Steps done.
  var stepsDone: Int { get }
  /// Goes on with the picture the network sees at `point`.
  /// - Parameters: denoised float32, x's shape; noise draws tensors of x's shape.
  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError)
}

extension Sampler {
  var level: NoiseLevel? { point.map { NoiseLevel(alpha: $0.alpha, sigma: $0.sigma) } }
}
