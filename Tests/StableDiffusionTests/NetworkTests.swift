import Testing
import Torch

@testable import NN
@testable import StableDiffusion

/// Whole networks against what diffusers and transformers answer (Tests/Fixtures/tiny).
@Suite struct NetworkTests {
  /// The end token of the fixtures, which is not the largest id.
  private static let endOfText: Int32 = 100

  private func windows(_ file: Recorded) throws -> [[Int32]] {
    try file.rows("in.ids").map { $0.map { Int32($0) } }
  }

  @Test func firstTextEncoder() throws {
    try onTorch {
      let file = try Recorded("tiny/text_encoder_1")
      let weights = file.network["text_encoder"]
      let model = try CLIPTextModel(weights, activation: .quickGELU, endOfText: Self.endOfText)
      #expect(weights.store.unused.isEmpty)
      let expected = try file("out.penultimate")
      for (row, tokens) in try windows(file).prefix(2).enumerated() {
        let output = try model(tokens)
        #expect(try difference(output.hidden, expected.narrow(0, from: row, length: 1)) < 1e-5)
        #expect(output.pooled == nil)
      }
      // The other encoder's activation must not pass for this one.
      let other = try CLIPTextModel(
        file.network["text_encoder"], activation: .gelu, endOfText: Self.endOfText)
      let tokens = try windows(file)[0]
      #expect(try difference(other(tokens).hidden, expected.narrow(0, from: 0, length: 1)) > 1e-3)
    }
  }

  @Test func secondTextEncoder() throws {
    try onTorch {
      let file = try Recorded("tiny/text_encoder_2")
      let weights = file.network["text_encoder_2"]
      let model = try CLIPTextModel(weights, activation: .gelu, endOfText: Self.endOfText)
      #expect(weights.store.unused.isEmpty)
      #expect((model.width, model.pooledC) == (128, 128))
      let (penultimate, pooled) = (try file("out.penultimate"), try file("out.pooled"))
      for (row, tokens) in try windows(file).enumerated() {
        let output = try model(tokens)
        if row < 2 {
          #expect(try difference(output.hidden, penultimate.narrow(0, from: row, length: 1)) < 1e-5)
        }
        #expect(try difference(#require(output.pooled), pooled.narrow(0, from: row, length: 1)) < 1e-5)
      }
    }
  }

  @Test(arguments: ["16x16", "17x25"]) func unet(_ size: String) throws {
    try onTorch {
      let file = try Recorded("tiny/unet")
      let weights = file.network["unet"]
      let model = try UNet2DConditionModel(weights)
      #expect(weights.store.unused.isEmpty)
      #expect([model.latentC, model.contextC, model.pooledC] == [4, 48, 24])
      let pooled = try file("in.pooled")
      // The rows have sizes of their own.
      let added = try cat(
        file.rows("in.time_ids").enumerated().map { row, ids in
          try model.embed(pooled: pooled.narrow(0, from: row, length: 1), timeIDs: ids)
        }, dim: 0)
      let timestep = try file("in.\(size).timestep").values(Double.self)[0]
      if size == "16x16" {
        let time = try model.encoder.timeEmbedding(Timesteps.embed([timestep], dim: 32))
        #expect(try difference(time + added, file("out.16x16.emb")) < 1e-5)
      }
      let answer = try model(
        file("in.\(size).sample"), timestep: timestep, context: AttentionContext(text: file("in.context")),
        added: added)
      #expect(try difference(answer, file("out.\(size).sample")) < 1e-5)
    }
  }

  @Test(arguments: ["3x5", "6x4"]) func decoder(_ size: String) throws {
    try onTorch {
      let file = try Recorded("tiny/vae")
      let weights = file.network["vae"]
      let model = try AutoencoderKL(weights)
      #expect(weights.store.unused.isEmpty)
      // The recorded latents are already divided by the scaling factor.
      let latents = try file("in.\(size).latent") * AutoencoderKL.scalingFactor
      #expect(try difference(model.decode(latents), file("out.\(size).image")) < 1e-5)
    }
  }

  @Test(arguments: ["24x40", "20x28"]) func encoder(_ size: String) throws {
    try onTorch {
      let file = try Recorded("tiny/vae")
      let model = try AutoencoderKL(file.network["vae"])
      #expect(try difference(model.encode(file("in.\(size).image")), file("out.\(size).moments")) < 1e-5)
    }
  }
}
