public import Torch

/// A picture on its way from noise to latents, advanced one evaluation at a time.
///
/// A copy shares the original's noise: advance one of them only.
/// Between two evaluations its owner may do as it likes: report, cancel, or advance another run.
public struct DenoisingRun {
  private var sampler: any Sampler
  private let denoiser: Denoiser
  private let noise: NoiseSource
  private let blending: Blending?
  private let controls: [Control]
  /// Of the network: made, and of the whole run.
  private var evaluations = 0
  private let allEvaluations: Int
  /// That are made.
  public let steps: Int
  /// The picture as the network saw it last, in latents as `latents` are.
  public private(set) var denoised: Tensor?

  /// - Parameters: seed its low 32 bits are used; start what there is beside noise, with the plan of the steps that
  ///   change it.
  /// - Throws: `TorchError`; `SamplingError.noSignal` for a network that answers the noise, asked where there is
  ///   nothing else, `.noPicture`, `.noMask` and `.softMask` for what an inpainting checkpoint cannot do, `.pictureSize` and
  ///   `.maskSize`.
  public init(
    _ model: StableDiffusionXL, _ image: ImageConditioning, _ plan: SamplingPlan, seed: UInt64,
    start: StartingLatents? = nil
  ) throws {
    let scale = AutoencoderKL.scale
    let shape = [1, model.networks.unet.latentC, image.height / scale, image.width / scale]
    try start?.check(shape: shape, inpaints: model.networks.unet.inpaints)
    if start == nil, model.networks.unet.inpaints { throw SamplingError.noPicture }
    noise = try NoiseSource(seed: seed, shape: shape, device: model.options.device)
    let drawn = try start?.drawn(from: noise, plan) ?? .init(noise: noise.draw())
    denoiser = Denoiser(
      unet: model.networks.unet, prediction: model.prediction, conditioning: image.conditioning,
      inpainting: drawn.inpainting, perturbedAttention: image.perturbedAttention, freeU: image.freeU)
    controls = image.controls
    sampler = try plan.start(
      zeroTerminalSNR: model.zeroTerminalSNR, noise: drawn.noise, picture: drawn.picture)
    (blending, steps) = (drawn.blending, plan.stepsMade)
    allEvaluations = plan.method.evaluations(of: plan.stepsMade)
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
    if let blending {
      sampler.x = try blending(sampler.x, at: sampler.level, stepsDone: sampler.stepsDone)
    }
    self.denoised = denoised
    return sampler.point != nil
  }
}

extension StartingLatents {
  /// - Parameters: shape of the run's latents; inpaints whether the checkpoint sees a mask.
  fileprivate func check(shape: [Int], inpaints: Bool) throws(SamplingError) {
    guard self.shape == shape else { throw .pictureSize }
    let area = shape[2] * shape[3]
    switch repaint {
    case nil: if inpaints { throw .noMask }
    case .blended(let mask), .seen(let mask, _):
      guard Array(mask.shape[2...]) == Array(shape[2...]) else { throw .maskSize }
    case .gradual(let kept):
      if inpaints { throw .softMask }
      guard kept.count == area else { throw .maskSize }
    }
  }
}
