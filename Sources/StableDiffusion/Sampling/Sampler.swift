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

/// A sampling method in the middle of a run: a value that asks for points and is resumed with answers.
///
/// It knows nothing of guidance, prompts or the VAE. Second-order methods ask twice a step.
protocol Sampler {
  /// What to evaluate next; `nil` when the run is over.
  var point: SamplingPoint? { get }
  /// The latent as it stands: the result, once the run is over. Replacing it leaves the history alone.
  var x: Tensor { get set }
  /// Steps done.
  var stepsDone: Int { get }
  /// Goes on with the picture the network sees at `point`.
  /// - Parameters: denoised float32, x's shape; noise draws tensors of x's shape.
  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError)
}
