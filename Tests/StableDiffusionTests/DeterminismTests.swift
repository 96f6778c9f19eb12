import Images
import Testing
import Torch

@testable import StableDiffusion

/// The same request gives the same bytes, whatever else is going on.
@Suite struct DeterminismTests {
  private func request(_ id: String) throws -> Pocket.Request {
    try #require(Pocket.requests.first { $0.id == id })
  }

  private func picture(_ run: inout DenoisingRun, _ model: StableDiffusionXL) throws -> [UInt8] {
    while try run.advance() {}
    return try model.decode(run.latents).image.pixels
  }

  @Test func theSameTwice() throws {
    try onTorch {
      let model = try Pocket.load()
      var first = try request("square_128").start(model)
      var second = try request("square_128").start(model)
      let pixels = try picture(&first, model)
      #expect(try picture(&second, model) == pixels)
      // And from weights that were loaded again.
      let again = try Pocket.load()
      var third = try request("square_128").start(again)
      #expect(try picture(&third, again) == pixels)
    }
  }

  @Test func interleavedAsAlone() throws {
    try onTorch {
      let model = try Pocket.load()
      var alone = try (request("square_128").start(model), request("odd_200x136").start(model))
      let expected = try (picture(&alone.0, model), picture(&alone.1, model))
      var first = try request("square_128").start(model)
      var second = try request("odd_200x136").start(model)
      var more = (true, true)
      while more.0 || more.1 {
        more = try (first.advance(), second.advance())
      }
      #expect(try model.decode(first.latents).image.pixels == expected.0)
      #expect(try model.decode(second.latents).image.pixels == expected.1)
    }
  }

  @Test func anotherSeedIsAnotherPicture() throws {
    try onTorch {
      let model = try Pocket.load()
      let image = try model.condition(model.prompt("red circle"), guidance: nil, width: 64, height: 64)
      func pixels(seed: UInt64) throws -> [UInt8] {
        var run = try DenoisingRun(model, image, SamplingPlan(.eulerAncestral, steps: 2), seed: seed)
        return try picture(&run, model)
      }
      #expect(try pixels(seed: 1) != pixels(seed: 2))
      #expect(try pixels(seed: 1) == pixels(seed: 1 + 1 << 32))
    }
  }

  /// What a listener was given does not change under it.
  @Test func latentsOfAStepStayAsTheyWere() throws {
    try onTorch {
      let model = try Pocket.load()
      var run = try request("square_128").start(model)
      #expect(try run.advance())
      let early = run.latents
      #expect(early.shape == [1, 4, 16, 16])
      let before: [Float] = try early.values()
      #expect(try run.advance())
      #expect(try early.values() == before)
      #expect(try run.latents.values() != before)
    }
  }
}
