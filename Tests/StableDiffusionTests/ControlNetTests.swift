import Foundation
import Images
import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// The pocket checkpoint's own ControlNet, against diffusers (Tests/Fixtures/controlnet).
@Suite struct ControlNetTests {
  static let path = Fixture.path("models/controlnet/pocket-canny")
  static let prompt = "a blue star on a yellow background"
  static let (width, height) = (136, 72)

  /// Stripes and gradients, as the fixtures' script makes them.
  static func picture(_ index: Int) throws -> RGBImage {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<3 { pixels.append(UInt8((x * x + (3 + index) * y + 97 * c) % 256)) }
      }
    }
    return try #require(RGBImage(width: width, height: height, pixels: pixels))
  }

  struct Run: Sendable, CustomTestStringConvertible {
    let name: String
    var method = SamplingMethod.euler
    let steps: Int
    var guidance = 4.5
    let parts: [Control.Part]

    var testDescription: String { name }
  }

  static let runs = [
    Run(name: "plain", method: .eulerAncestral, steps: 4, parts: [.init()]),
    Run(name: "scaled", steps: 4, parts: [.init(scale: 0.6)]),
    Run(name: "unguided", steps: 4, guidance: 1, parts: [.init(scale: 0.8)]),
    Run(name: "window", steps: 7, parts: [.init(start: 0.25, end: 0.75)]),
    Run(name: "window_heun", method: .heun, steps: 4, parts: [.init(start: 0.2, end: 0.6)]),
    Run(name: "two", steps: 5, parts: [.init(scale: 0.7, end: 0.8), .init(scale: 1.2, start: 0.3)]),
  ]

  @Test(arguments: runs) func pictures(_ run: Run) throws {
    try onTorch {
      let model = try Pocket.load()
      let network = try ControlNet(path: Self.path, for: model)
      let guidance = run.guidance > 1 ? StableDiffusionXL.Guidance(scale: run.guidance, negative: nil) : nil
      var image = try model.condition(
        model.prompt(Self.prompt), guidance: guidance, width: Self.width, height: Self.height)
      image.controls = try run.parts.enumerated().map { try Control(network, Self.picture($0), $1) }
      var denoising = try DenoisingRun(model, image, SamplingPlan(run.method, steps: run.steps), seed: 5)
      while try denoising.advance() {}
      let expected = try Recorded("controlnet/answers")("latents.\(run.name)")
      #expect(try difference(denoising.latents, expected) < 1e-4)
    }
  }

  /// Every 37th value of what it answers to the fixtures' two rows: the way down, then the middle.
  static func residuals(of control: Control, _ model: StableDiffusionXL, _ answers: Recorded) throws
    -> [Tensor]
  {
    let (context, pooled) = (try answers("in.context"), try answers("in.pooled"))
    let timeIDs = [72.0, 136, 0, 0, 72, 136]
    let both = try cat([pooled, pooled], dim: 0)
    let side = try Conditioning.Side(
      context: AttentionContext(text: cat([context, context], dim: 0)),
      added: model.networks.unet.embed(pooled: both, timeIDs: timeIDs), pooled: both, timeIDs: timeIDs)
    let residuals = try control.residuals(answers("in.sample"), timestep: 876, side)
    return try (residuals.skips + [residuals.middle]).map { residual in
      let values = try residual.values(Float.self)
      return try Tensor(stride(from: 0, to: values.count, by: 37).map { values[$0] })
    }
  }

  @Test func residuals() throws {
    try onTorch {
      let model = try Pocket.load()
      let network = try ControlNet(path: Self.path, for: model)
      let answers = try Recorded("controlnet/answers")
      let control = try Control(network, Self.picture(0), .init(scale: 0.7))
      let residuals = try Self.residuals(of: control, model, answers)
      #expect(residuals.count == 10)
      for (index, residual) in residuals.enumerated() {
        #expect(try difference(residual, answers("out.\(index)")) < 1e-5, "\(index)")
      }
    }
  }

  /// As diffusers counts: `keeps` of its pipelines.
  @Test func whenItCounts() throws {
    try onTorch {
      let model = try Pocket.load()
      let network = try ControlNet(path: Self.path, for: model)
      func counted(_ start: Double, _ end: Double, of count: Int) throws -> [Int] {
        let control = try Control(network, Self.picture(0), .init(start: start, end: end))
        return (0..<count).filter { control.covers(evaluation: $0, of: count) }
      }
      #expect(try counted(0, 1, of: 3) == [0, 1, 2])
      #expect(try counted(0.25, 0.75, of: 7) == [2, 3, 4])
      #expect(try counted(0.2, 0.6, of: 10) == [2, 3, 4, 5])
      #expect(try counted(0.5, 0.5, of: 10) == [])
      #expect(try counted(0, 0.05, of: 10) == [])
    }
  }
}
