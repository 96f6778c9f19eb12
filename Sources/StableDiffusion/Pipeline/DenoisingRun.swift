public import Torch

/// A picture on its way from noise to latents, advanced one evaluation at a time.
///
/// A copy shares the original's noise: advance one of them only.
/// Between two evaluations its owner may do as it likes: report, cancel, or advance another run.
public struct DenoisingRun {
  private var sampler: any Sampler
  private let denoiser: Denoiser
  private let noise: NoiseSource
  private let controls: [Control]
  /// Of the network: made, and of the whole run.
  private var evaluations = 0
  private let allEvaluations: Int
  public let steps: Int
  /// The picture as the network saw it last, in latents as `latents` are.
  public private(set) var denoised: Tensor?

  /// - Parameter seed: its low 32 bits are used.
  /// - Throws: `TorchError`; `SamplingError.noSignal` for a network that answers the noise, asked where there is
  ///   nothing else.
  public init(
    _ model: StableDiffusionXL, _ image: ImageConditioning, _ plan: SamplingPlan, seed: UInt64
  ) throws {
    let scale = AutoencoderKL.scale
    noise = try NoiseSource(
      seed: seed, shape: [1, model.networks.unet.latentC, image.height / scale, image.width / scale],
      device: model.options.device)
    denoiser = Denoiser(
      unet: model.networks.unet, prediction: model.prediction, conditioning: image.conditioning,
      perturbedAttention: image.perturbedAttention, freeU: image.freeU)
    controls = image.controls
    sampler = try plan.start(zeroTerminalSNR: model.zeroTerminalSNR, noise: noise.draw())
    steps = plan.steps
    allEvaluations = plan.method.evaluations(of: plan.steps)
    if model.prediction == .epsilon, sampler.point?.alpha == 0 { throw SamplingError.noSignal(plan.method) }
  }

  /// Steps done.
  public var stepsDone: Int { sampler.stepsDone }

  /// The latents as they stand, float32 `[1, 4, H, W]`.
  public var latents: Tensor { sampler.x }

  /// Evaluates the network once and goes on.
  /// - Returns: whether there is more to do.
  public mutating func advance() throws -> Bool {
    guard let point = sampler.point else { return false }
    let active = controls.filter { $0.covers(evaluation: evaluations, of: allEvaluations) }
    let denoised = try denoiser(point, step: sampler.stepsDone, of: steps, controls: active)
    evaluations += 1
    try sampler.resume(denoised: denoised, noise: noise)
    self.denoised = denoised
    return sampler.point != nil
  }
}
