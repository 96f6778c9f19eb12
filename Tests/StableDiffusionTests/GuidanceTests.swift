import NN
import Testing
import Torch

@testable import StableDiffusion

/// Two sides, each with its own text, against diffusers' network on one side at a time
/// (Tests/Fixtures/prompts/guidance).
@Suite struct GuidanceTests {
  private let file: Recorded
  private let unet: UNet2DConditionModel

  init() throws {
    file = try Recorded("prompts/guidance")
    unet = try UNet2DConditionModel(Recorded("tiny/unet").network["unet"])
  }

  private func side(_ name: String, _ length: Int) throws -> Conditioning.Side {
    let (pooled, timeIDs) = (try file("\(name).pooled"), [128.0, 128, 0, 0, 128, 128])
    return try Conditioning.Side(
      context: AttentionContext(text: file("\(name).\(length)")),
      added: unet.embed(pooled: pooled, timeIDs: timeIDs), pooled: pooled, timeIDs: timeIDs)
  }

  private func denoiser(_ lengths: (Int, Int), _ guidance: StableDiffusionXL.Guidance) throws -> Denoiser {
    let (negative, positive) = (try side("negative", lengths.0), try side("positive", lengths.1))
    let contrast = try Conditioning.Contrast(guidance, positive: positive, negative: negative)
    return Denoiser(
      unet: unet, prediction: .epsilon,
      conditioning: Conditioning(positive: positive, contrast: contrast))
  }

  /// The network's input is the sample itself, and the picture tells its answer.
  private func answer(_ denoiser: Denoiser, step: Int = 0, of steps: Int = 1) throws -> Tensor {
    let point = SamplingPoint(x: try file("sample"), timestep: 876, alpha: 0.6, sigma: 0.8)
    let picture = try denoiser(point, step: step, of: steps)
    return try (point.x - picture * 0.6) * (1 / 0.8)
  }

  /// Equal lengths, one a multiple, a common multiple of both, and neither.
  @Test(arguments: [(4, 4), (4, 8), (6, 4), (5, 7)]) func sidesOfAnyLength(_ lengths: (Int, Int)) throws {
    try onTorch {
      let name = "\(lengths.0)_\(lengths.1)"
      let plain = try denoiser(lengths, .init(scale: 5, negative: nil))
      #expect(try difference(answer(plain), file("\(name).guided")) < 1e-5)
      let rescaled = try denoiser(lengths, .init(scale: 5, negative: nil, rescale: 0.7))
      #expect(try difference(answer(rescaled), file("\(name).rescaled")) < 1e-5)
      let together = if case .together = plain.conditioning.contrast?.sides { true } else { false }
      #expect(together == (lengths != (5, 7)))
    }
  }

  /// Outside of the interval the positive side stands alone, and the network sees no other.
  @Test func anIntervalOfTheSteps() throws {
    try onTorch {
      let half = try denoiser((4, 8), .init(scale: 5, negative: nil, rescale: 0.7, start: 0.25, end: 0.75))
      let (inside, outside) = (try file("4_8.rescaled"), try file("4_8.positive"))
      for step in 0..<4 {
        let expected = step == 1 || step == 2 ? inside : outside
        #expect(try difference(answer(half, step: step, of: 4), expected) < 1e-5, "\(step)")
      }
    }
  }

  /// Rows of a batch do not know of each other.
  @Test func rescalingIsPerSample() throws {
    try onTorch {
      let (led, positive) = (try file("4_8.guided"), try file("4_8.positive"))
      let both = try Denoiser.rescaled(cat([led, positive], dim: 0), cat([positive, led], dim: 0), by: 0.7)
      #expect(try difference(both.narrow(0, from: 0, length: 1), file("4_8.rescaled")) < 1e-5)
      // At 0 nothing happens, at 1 the spread is the positive side's.
      #expect(try difference(Denoiser.rescaled(led, positive, by: 0), led) < 1e-6)
    }
  }

  @Test func whichStepsAreGuided() throws {
    func guided(_ start: Double, _ end: Double, of steps: Int) throws -> [Int] {
      let side = try side("negative", 4)
      let contrast = try Conditioning.Contrast(
        .init(scale: 5, negative: nil, start: start, end: end), positive: side, negative: side)
      return (0..<steps).filter { contrast.covers(step: $0, of: steps) }
    }
    #expect(try guided(0, 1, of: 3) == [0, 1, 2])
    #expect(try guided(0.2, 0.8, of: 10) == [2, 3, 4, 5, 6, 7])
    #expect(try guided(0.25, 0.8, of: 7) == [1, 2, 3, 4])
    #expect(try guided(0.5, 0.5, of: 10) == [])
    #expect(try guided(0.9, 0.1, of: 10) == [])
  }
}
