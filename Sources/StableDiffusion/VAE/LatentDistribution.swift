import Torch

/// What a VAE says of a picture: each latent value's mean and how far it may be off.
/// Source: diffusers `models/autoencoders/vae.py`, DiagonalGaussianDistribution.
struct LatentDistribution {
  /// Unscaled, float32 `[B, C, H, W]`.
  let mean: Tensor, deviation: Tensor

  /// - Parameter moments: mean and logarithm of the variance, `[B, 2C, H, W]`.
  init(moments: Tensor) throws(TorchError) {
    let channels = moments.size(1) / 2
    mean = try moments.narrow(1, from: 0, length: channels)
    let logVariance = try moments.narrow(1, from: channels, length: channels).clamp(-30...20)
    deviation = try exp(logVariance * 0.5)
  }

  /// One of the latents that the picture may have, as the UNet has them.
  /// - Parameter noise: standard normal, `[B, C, H, W]`.
  func sample(_ noise: Tensor) throws(TorchError) -> Tensor {
    try (mean + deviation * noise) * AutoencoderKL.scalingFactor
  }
}
