import Testing
import Torch

@testable import StableDiffusion

/// Perturbed-attention guidance and FreeU, against diffusers (Tests/Fixtures/guidance_aids).
@Suite struct GuidanceAidTests {
  private let answers: Recorded

  init() throws { answers = try Recorded("guidance_aids/answers") }

  private static let freeU = FreeU(s1: 0.6, s2: 0.4, b1: 1.1, b2: 1.2)

  private func latents(
    guidance: Double = 4.5, rescale: Double = 0, size: (Int, Int) = (136, 72),
    _ change: (inout ImageConditioning, StableDiffusionXL) throws -> Void
  ) throws -> Tensor {
    let model = try Pocket.load()
    let led =
      guidance > 1 ? StableDiffusionXL.Guidance(scale: guidance, negative: nil, rescale: rescale) : nil
    var image = try model.condition(
      model.prompt(ControlNetTests.prompt), guidance: led, width: size.0, height: size.1)
    try change(&image, model)
    var run = try DenoisingRun(model, image, SamplingPlan(.euler, steps: 4), seed: 5)
    while try run.advance() {}
    return run.latents
  }

  @Test(arguments: ["pag", "pag_alone", "pag_rescaled", "pag_adaptive", "pag_control"])
  func perturbedAttention(_ name: String) throws {
    try onTorch {
      let found = try latents(
        guidance: name == "pag_alone" ? 1 : 4.5, rescale: name == "pag_rescaled" ? 0.7 : 0
      ) { image, model in
        image.perturbedAttention = .init(scale: 25, adaptiveScale: name == "pag_adaptive" ? 0.04 : 0)
        if name == "pag_control" {
          let network = try ControlNet(path: ControlNetTests.path, for: model)
          image.controls = [try Control(network, ControlNetTests.picture(0), .init(scale: 0.8))]
        }
      }
      #expect(try difference(found, answers("latents.\(name)")) < 1e-4)
    }
  }

  /// Sides that are evaluated apart are perturbed like those that are evaluated together.
  @Test func perturbedAttentionWithSidesApart() throws {
    try onTorch {
      let model = try Pocket.load()
      let texts = [5, 7].map { String(repeating: "blue ", count: 75 * $0) }
      let guidance = try StableDiffusionXL.Guidance(scale: 4.5, negative: model.prompt(texts[0]))
      let conditioning = try model.condition(
        model.prompt(texts[1]), guidance: guidance, width: 64, height: 64
      )
      .conditioning
      guard case .apart = conditioning.contrast?.sides else {
        Issue.record("evaluated together")
        return
      }
      var denoiser = Denoiser(
        unet: model.networks.unet, prediction: .epsilon, conditioning: conditioning)
      let point = try SamplingPoint(
        x: Generator(seed: 1).randn([1, 4, 8, 8]), timestep: 500, alpha: 0.6, sigma: 0.8)
      let led = try denoiser(point, step: 0, of: 1)
      denoiser.perturbedAttention = .init(scale: 3)
      let both = try denoiser(point, step: 0, of: 1)
      denoiser = Denoiser(
        unet: model.networks.unet, prediction: .epsilon,
        conditioning: Conditioning(positive: conditioning.positive, contrast: nil))
      let alone = try denoiser(point, step: 0, of: 1)
      denoiser.perturbedAttention = .init(scale: 3)
      // What it adds is the same with and without guidance.
      #expect(try difference(both - led, denoiser(point, step: 0, of: 1) - alone) < 1e-3)
    }
  }

  @Test func theScaleFallsToZeroAndNoFurther() {
    let falling = PerturbedAttentionGuidance(scale: 3, adaptiveScale: 0.01)
    #expect(falling.scale(at: 1000) == 3)
    #expect(abs(falling.scale(at: 800) - 1) < 1e-12)
    #expect(falling.scale(at: 100) == 0)
    #expect(PerturbedAttentionGuidance(scale: 3).scale(at: 0) == 3)
  }

  @Test(arguments: ["4x8", "5x9", "9x6", "1x7", "2x3", "1x1"]) func freeU(_ size: String) throws {
    try onTorch {
      for index in 0..<2 {
        let level = try #require(Self.freeU.level(index))
        let (below, skip) = (
          try answers("in.\(index).\(size).below"), try answers("in.\(index).\(size).skip")
        )
        let found = try cat(level(below, skip), dim: 1)
        #expect(try difference(found, answers("out.\(index).\(size)")) < 1e-5)
      }
      #expect(Self.freeU.level(2) == nil)
    }
  }

  @Test(arguments: ["freeu", "freeu_64"]) func freeUInAPicture(_ name: String) throws {
    try onTorch {
      let found = try latents(size: name == "freeu" ? (136, 72) : (64, 64)) { image, _ in
        image.freeU = Self.freeU
      }
      #expect(try difference(found, answers("latents.\(name)")) < 1e-4)
    }
  }
}
