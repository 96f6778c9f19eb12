import CLIPTokenizer
import Foundation
import Images
import Testing
import Torch

@testable import StableDiffusion

/// Whole pictures, and the way there, against diffusers (Tests/Fixtures/pocket).
@Suite struct PocketTests {
  @Test func thereAreSixRequests() { #expect(Pocket.requests.count == 6) }

  /// Peak signal-to-noise ratio in decibels; infinite for equal pictures.
  private func likeness(_ a: RGBImage, _ b: RGBImage) -> Double {
    guard a.width == b.width, a.height == b.height else { return 0 }
    let squares = zip(a.pixels, b.pixels).reduce(0) { sum, pair in
      let off = Int(pair.0) - Int(pair.1)
      return sum + off * off
    }
    return 10 * log10(255 * 255 * Double(a.pixels.count) / Double(squares))
  }

  @Test(arguments: Pocket.requests) func pictures(_ request: Pocket.Request) throws {
    try onTorch {
      let model = try Pocket.load()
      var run = try request.start(model)
      #expect(run.stepsDone == 0)
      while try run.advance() {}
      #expect(run.stepsDone == request.steps)
      let latents = try Recorded("pocket/answers")("latents.\(request.id)")
      #expect(try difference(run.latents, latents) < 1e-3)
      let picture = try model.decode(run.latents).image
      let expected = try PNG.decode(Array(Fixture.bytes("Tests/Fixtures/pocket/\(request.id).png")))
      #expect((picture.width, picture.height) == (request.width, request.height))
      #expect(likeness(picture, expected) >= 60)
    }
  }

  /// The first request's prompt, as both encoders read it.
  @Test func textConditioning() throws {
    try onTorch {
      let model = try Pocket.load()
      let answers = try Recorded("pocket/answers")
      let prompt = try model.prompt(#require(Pocket.requests.first).prompt)
      let ids = try #require(prompt.first.first).tokens.map(\.id)
      for (name, padding) in [("text.ids_1", CLIPTokenizer.Padding.endOfText), ("text.ids_2", .zero)] {
        let window = try model.tokenizer.window(ids, padding: padding)
        #expect(window.map(Int64.init) == (try answers(name).values(Int64.self)))
      }
      let image = try model.condition(prompt, guidance: nil, width: 200, height: 136)
      #expect(image.conditioning.contrast == nil)
      #expect(try difference(image.conditioning.positive.context.text, answers("text.context")) < 1e-5)
      let pooled = try answers("text.pooled")
      let window = try model.tokenizer.window(ids, padding: .zero)
      #expect(try difference(#require(model.networks.textEncoder2(window).pooled), pooled) < 1e-5)
      // Height before width: original size, corner, target size.
      let added = try model.networks.unet.embed(pooled: pooled, timeIDs: [136, 200, 0, 0, 136, 200])
      #expect(try difference(image.conditioning.positive.added, added) < 1e-5)
    }
  }

  @Test func guidanceHasTheNegativeSideFirst() throws {
    try onTorch {
      let model = try Pocket.load()
      let (blue, red) = (try model.prompt("blue"), try model.prompt("red"))
      func context(_ prompt: StableDiffusionXL.Prompt, _ guidance: StableDiffusionXL.Guidance?) throws
        -> [Float]
      {
        let conditioning = try model.condition(prompt, guidance: guidance, width: 64, height: 64).conditioning
        guard case .together(let both) = conditioning.contrast?.sides else {
          return try conditioning.positive.context.text.values()
        }
        return try both.context.text.values()
      }
      let (alone, other) = (try context(blue, nil), try context(red, nil))
      #expect(try context(blue, .init(scale: 5, negative: red)) == other + alone)
      #expect(try context(blue, .init(scale: 5, negative: nil)) == alone.map { _ in 0 } + alone)
    }
  }

  @Test(arguments: ["16x16", "17x25"]) func unetCall(_ size: String) throws {
    try onTorch {
      let unet = try Pocket.load().networks.unet
      let answers = try Recorded("pocket/answers")
      let sample = try answers("unet.\(size).sample")
      let (h, w) = (Double(8 * sample.size(2)), Double(8 * sample.size(3)))
      let added = try unet.embed(pooled: answers("text.pooled"), timeIDs: [h, w, 0, 0, h, w])
      let answer = try unet(
        sample, timestep: 876, context: AttentionContext(text: answers("text.context")), added: added)
      #expect(try difference(answer, answers("unet.\(size).output")) < 1e-5)
    }
  }

  @Test func badLatentsMakeNoPicture() throws {
    try onTorch {
      let model = try Pocket.load()
      for value in [Double.nan, .infinity] {
        #expect(throws: PictureError.nonfiniteLatents) { try model.decode(Tensor.full(value, [1, 4, 8, 8])) }
      }
    }
  }
}
