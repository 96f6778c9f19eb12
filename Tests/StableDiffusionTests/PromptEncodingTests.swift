import CLIPTokenizer
import Foundation
import NN
import Testing
import Torch

@testable import StableDiffusion

/// What the text encoders give, against transformers (Tests/Fixtures/prompts/contexts.*).
@Suite struct PromptEncodingTests {
  private struct Case: Decodable {
    let id: String, prompt: String, negative: String, style: String
    let clipSkip: Int, positiveLength: Int, negativeLength: Int

    var reading: StableDiffusionXL.Prompt.Style {
      switch style {
      case "comfy": .comfy
      case "diffusers": .diffusers
      default: .a1111
      }
    }
  }

  /// Every so many values of a context are recorded.
  private static let stride = 37

  @Test func everyStyle() throws {
    try onTorch {
      let model = try Pocket.load()
      let answers = try Recorded("prompts/contexts")
      let cases = try Fixture.decode("prompts/contexts.json", as: [Case].self)
      #expect(cases.count >= 14)
      for example in cases {
        func prompt(_ text: String) throws -> StableDiffusionXL.Prompt {
          try model.prompt(text, style: example.reading, clipSkip: example.clipSkip)
        }
        let texts = (try prompt(example.prompt), try prompt(example.negative))
        let windows = max(texts.0.windows, texts.1.windows)
        let sides = [
          ("positive", texts.0, example.positiveLength), ("negative", texts.1, example.negativeLength),
        ]
        for (side, text, length) in sides {
          let encoded = try model.encode(text, windows: windows) {}
          #expect(encoded.context.shape == [1, length, 128], "\(example.id) \(side)")
          let expected = try answers("\(example.id).\(side).context")
          #expect(
            try difference(sampled(encoded.context), expected) < 1e-5, "\(example.id) \(side)")
          let pooled = try answers("\(example.id).\(side).pooled")
          #expect(try difference(encoded.pooled, pooled) < 1e-5, "\(example.id) \(side) pooled")
        }
      }
    }
  }

  private func sampled(_ context: Tensor) throws -> Tensor {
    let values = try context.values(Float.self)
    return try Tensor(Swift.stride(from: 0, to: values.count, by: Self.stride).map { values[$0] })
  }

  /// Each layer, and the last one without the final norm.
  @Test func layersCountFromTheLast() throws {
    try onTorch {
      for (name, module) in [("text_encoder_1", "text_encoder"), ("text_encoder_2", "text_encoder_2")] {
        let file = try Recorded("tiny/\(name)")
        let activation: CLIPActivation = name == "text_encoder_1" ? .quickGELU : .gelu
        let model = try CLIPTextModel(file.network[module], activation: activation, endOfText: 100)
        let tokens = try #require(try file.rows("in.ids").first).map { Int32($0) }
        let pooled = try model(tokens).pooled
        for clipSkip in 1...model.layers.count {
          let output = try model(tokens, clipSkip: clipSkip)
          let expected = try file("out.hidden_states.\(model.layers.count + 1 - clipSkip)")
          #expect(try difference(output.hidden, expected) < 1e-5, "\(name) \(clipSkip)")
          #expect(try output.pooled?.values(Float.self) == pooled?.values(Float.self))
        }
      }
    }
  }

  @Test func fewerLayersThanAskedFor() throws {
    let model = try Pocket.load()
    #expect(model.textLayers == 3)
    for clipSkip in [0, 4, 12] {
      let error = #expect(throws: PromptError.self) { try model.prompt("a", clipSkip: clipSkip) }
      #expect(error?.subject == .clipSkip)
    }
  }

  /// A weight of 1, spelt or not, changes nothing; another one does, and only its own words' side.
  @Test func weightsOfOneAreNone() throws {
    try onTorch {
      let model = try Pocket.load()
      func states(_ text: String, _ style: StableDiffusionXL.Prompt.Style) throws -> [Float] {
        try model.encode(model.prompt(text, style: style), windows: 0) {}.context.values()
      }
      for style in [StableDiffusionXL.Prompt.Style.a1111, .comfy] {
        let plain = try states("a red cat", style)
        #expect(try states("a (red:1) (cat:1.0)", style) == plain)
        #expect(try states("a (red:1.2) cat", style) != plain)
        #expect(try states("a red cat", .diffusers) == plain)
      }
    }
  }

  @Test func weightsThatLeaveNothing() throws {
    try onTorch {
      let model = try Pocket.load()
      func failure(_ prompt: String, _ negative: String) -> PromptError? {
        #expect(throws: PromptError.self) {
          try model.condition(
            model.prompt(prompt, style: .comfy),
            guidance: .init(scale: 5, negative: model.prompt(negative, style: .comfy)), width: 64,
            height: 64)
        }
      }
      #expect(failure("(cat:3e38) (dog:3e38) (bird:-3e38)", "")?.subject == .prompt)
      #expect(failure("", "(cat:3e38) (dog:3e38) (bird:-3e38)")?.subject == .negativePrompt)
    }
  }

  private struct Enough: Error {}

  @Test func canBeStoppedBetweenWindows() throws {
    let model = try Pocket.load()
    let prompt = try model.prompt("a BREAK b BREAK c")
    var pauses = 0
    _ = try model.condition(prompt, guidance: nil, width: 64, height: 64) { pauses += 1 }
    #expect(pauses == 6)
    #expect(throws: Enough.self) {
      _ = try model.condition(prompt, guidance: nil, width: 64, height: 64) { throw Enough() }
    }
  }
}
