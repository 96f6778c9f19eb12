public import Torch

/// A picture on its way from noise to latents, advanced one evaluation at a time.
///
/// A copy shares the original's noise: advance one of them only.
/// Between two evaluations its owner may do as it likes: report, cancel, or advance another run.
public struct DenoisingRun {
  private var sampler: any Sampler
  private let denoiser: Denoiser
  private let noise: NoiseSource
  public let steps: Int

  /// - Parameters: steps 1 to 1000; seed its low 32 bits are used.
  public init(
    _ model: StableDiffusionXL, _ image: ImageConditioning, method: SamplingMethod, steps: Int, seed: UInt64
  ) throws {
    let scale = AutoencoderKL.scale
    noise = try NoiseSource(
      seed: seed, shape: [1, model.networks.unet.latentC, image.height / scale, image.width / scale],
      device: model.options.device)
    denoiser = Denoiser(
      unet: model.networks.unet, prediction: model.prediction, conditioning: image.conditioning)
    sampler = try method.start(SigmaLadder(model.schedule, steps: steps), noise: noise.draw())
    self.steps = steps
  }

  /// Steps done.
  public var stepsDone: Int { sampler.stepsDone }

  /// The latents as they stand, float32 `[1, 4, H, W]`.
  public var latents: Tensor { sampler.x }

  /// Evaluates the network once and goes on.
  /// - Returns: whether there is more to do.
  public mutating func advance() throws -> Bool {
    guard let point = sampler.point else { return false }
    let denoised = try denoiser(point, step: sampler.stepsDone, of: steps)
    try sampler.resume(denoised: denoised, noise: noise)
    return sampler.point != nil
  }
}

/// The sampling methods.
public enum SamplingMethod: Sendable, CaseIterable {
  case eulerAncestral, euler

  func start(_ ladder: SigmaLadder, noise: Tensor) throws(TorchError) -> any Sampler {
    switch self {
    case .eulerAncestral: try EulerSampler(.ancestral, ladder, noise: noise)
    case .euler: try EulerSampler(.plain, ladder, noise: noise)
    }
  }
}
