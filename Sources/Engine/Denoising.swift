import Generation
import Images
import StableDiffusion
import Torch

/// The way from a request to latents, on one model: its passes, with what is told on the way.
struct Denoising {
  let networks: StableDiffusionXL
  let vae: ExternalVAE?
  let texts: Texts
  let steering: Steering
  let passes: Passes
  let progress: (GenerationProgress) -> Void
  /// Milliseconds.
  private(set) var textTime = 0.0, denoiseTime = 0.0
  /// In the passes that are over.
  private var stepsDone = 0

  init(
    _ networks: StableDiffusionXL, vae: ExternalVAE?, texts: Texts, steering: Steering, passes: Passes,
    progress: @escaping (GenerationProgress) -> Void
  ) {
    (self.networks, self.vae, self.texts, self.steering) = (networks, vae, texts, steering)
    (self.passes, self.progress) = (passes, progress)
  }

  /// - Returns: latents of the picture asked for, `[1, 4, H, W]`.
  mutating func callAsFunction(_ request: GenerationRequest) throws -> Tensor {
    let repaint = request.start.flatMap(StableDiffusionXL.Repaint.init)
    let first = try pass(request, passes.first, from: request.start.map { .picture($0.picture) }, repaint)
    guard let second = request.secondPass, let plan = passes.second else { return first }
    let larger = request.enlarged(for: second)
    let start: StableDiffusionXL.Start
    switch second.upscaler {
    case .latent:
      start = .latents(try networks.upscaled(first, width: second.width, height: second.height))
    case .picture:
      let picture = try networks.decode(first, with: vae) { try Task.checkCancellation() }.image
      start = .picture(picture.resized(width: second.width, height: second.height, filter: .lanczos))
    }
    return try pass(larger, plan, from: start, larger.start.flatMap(StableDiffusionXL.Repaint.init))
  }

  /// - Parameter request: with what this pass is to make, at its size.
  private mutating func pass(
    _ request: GenerationRequest, _ plan: SamplingPlan, from start: StableDiffusionXL.Start?,
    _ repaint: StableDiffusionXL.Repaint?
  ) throws -> Tensor {
    var stopwatch = Stopwatch()
    let text = try texts.condition(request, networks) { try Task.checkCancellation() }
    let conditioning = try steering.added(to: text, for: request, in: networks)
    textTime += stopwatch.lap()
    let latents = try start.map {
      try networks.start(from: $0, repaint: repaint) { try Task.checkCancellation() }
    }
    var run = try DenoisingRun(networks, conditioning, plan, seed: request.seed, start: latents)
    var more = true
    while more {
      try Task.checkCancellation()
      let done = run.stepsDone
      more = try run.advance()
      if run.stepsDone > done { report(run, request) }
    }
    stepsDone += run.stepsDone
    try networks.options.device.synchronize()
    denoiseTime += stopwatch.lap()
    return run.latents
  }

  private func report(_ run: DenoisingRun, _ request: GenerationRequest) {
    let step = stepsDone + run.stepsDone
    progress(.step(step, of: passes.steps))
    if request.wantsPreview(after: step, of: passes.steps), let seen = run.denoised,
      // A preview is worth no failure.
      let image = try? networks.preview(seen, with: vae)
    {
      progress(.preview(image))
    }
  }
}

extension StableDiffusionXL.Repaint {
  /// `nil` to repaint everything.
  init?(_ start: StartingPicture) {
    guard let mask = start.mask else { return nil }
    switch mask.kind {
    case .binary: self.init(mask.mask, .binary, around: start.picture)
    case .soft: self.init(mask.mask, .soft, around: start.picture)
    }
  }
}
