import Torch

/// What a run starts from beside noise: a picture, or latents, and where they are to be repainted.
///
/// A picture is the distribution of its latents: a run draws its own from it.
public struct StartingLatents {
  let origin: Origin
  let repaint: LatentRepaint?

  enum Origin {
    case picture(LatentDistribution)
    /// As the UNet has them.
    case latents(Tensor)
  }

  init(_ origin: Origin, repaint: LatentRepaint?) { (self.origin, self.repaint) = (origin, repaint) }
}

/// Where a run repaints, in positions of its latents.
enum LatentRepaint {
  /// Where `mask`, `[1, 1, H, W]` of zeros and ones, is 1; the checkpoint knows nothing of it.
  case blended(mask: Tensor)
  /// For as much of the run as `kept` leaves: the shares that a position keeps, 0 to 1, row by row.
  case gradual(kept: [Float])
  /// Where `mask` is 1, by a checkpoint that sees the mask and what is around it.
  case seen(mask: Tensor, around: LatentDistribution)
}

extension StartingLatents {
  /// A run's own draws of what it starts from.
  struct Drawn {
    let noise: Tensor
    /// `nil` when the run starts from noise alone.
    var picture: Tensor?
    /// What is put back after each call of the network.
    var blending: Blending?
    /// What the network sees beside the latents: mask and latents of what is around it, `[1, 5, H, W]`.
    var inpainting: Tensor?
  }

  /// Draws in the order of diffusers' pipelines, which shows in every draw that comes after.
  /// Source: diffusers `StableDiffusionXLImg2ImgPipeline`, `StableDiffusionXLInpaintPipeline`, and the community's
  /// `pipeline_stable_diffusion_xl_differential_img2img.py`.
  /// - Parameters: source whose next draws these are; plan the run's.
  func drawn(from source: NoiseSource, _ plan: SamplingPlan) throws(TorchError) -> Drawn {
    // Inpainting at full strength starts from noise alone.
    let isWhole = plan.firstStep == 0
    switch repaint {
    case nil:
      let picture = try sample(source)
      return Drawn(noise: try source.draw(), picture: picture)
    case .blended(let mask):
      let picture = try sample(source)
      let noise = try source.draw()
      // Of the masked picture, which only inpainting checkpoints look at.
      if case .picture = origin { _ = try source.draw() }
      let blending = Blending(picture: picture, noise: noise, .binary(mask), steps: plan.steps)
      return Drawn(noise: noise, picture: isWhole ? nil : picture, blending: blending)
    case .gradual(let kept):
      // Drawn twice there, and the first is not used.
      _ = try (sample(source), source.draw())
      let picture = try sample(source)
      let noise = try source.draw()
      let blending = Blending(picture: picture, noise: noise, .gradual(kept: kept), steps: plan.steps)
      return Drawn(noise: noise, picture: picture, blending: blending)
    case .seen(let mask, let around):
      let picture = isWhole ? nil : try sample(source)
      let noise = try source.draw()
      let inpainting = try cat([mask, around.sample(source.draw())], dim: 1)
      return Drawn(noise: noise, picture: picture, inpainting: inpainting)
    }
  }

  private func sample(_ source: NoiseSource) throws(TorchError) -> Tensor {
    switch origin {
    case .picture(let distribution): try distribution.sample(source.draw())
    case .latents(let latents): latents
    }
  }

  /// `[1, C, H, W]`.
  var shape: [Int] {
    switch origin {
    case .picture(let distribution): distribution.mean.shape
    case .latents(let latents): latents.shape
    }
  }
}
