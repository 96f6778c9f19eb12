import Foundation
import Images
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// What the pocket checkpoint draws beside references, against diffusers (Tests/Fixtures/ip_adapter/pocket).
@Suite struct ReferenceTests {
  static let adapterPath = Fixture.path("models/ip-adapter/ip-adapter_sdxl_vit-h.safetensors")

  /// The pocket model with its adapter and image encoder.
  struct Setting {
    let model: StableDiffusionXL, adapter: IPAdapter, encoder: ImageEncoder

    init(adapter path: String = adapterPath) throws {
      model = try Pocket.load()
      adapter = try IPAdapter(path: path, for: model)
      encoder = try ImageEncoder(
        folder: Fixture.path("models/ip-adapter/image_encoder"), options: model.options)
    }

    func reference(
      _ k: Int, face: [Float]? = nil, weight: Double = 1, mask: GrayImage? = nil
    ) throws -> References.Reference {
      .init(
        try encoder.encode(ReferencePattern.picture(k), as: adapter.kind.form), face: face, weight: weight,
        mask: mask)
    }

    func references(
      _ references: [References.Reference], change: (inout References) -> Void = { _ in }
    ) throws -> References {
      var all = try References(adapter, references, blank: encoder.blank(as: adapter.kind.form))
      all.scale = 0.7
      change(&all)
      return all
    }

    func condition(_ references: References?, cfg: Double = 4.5, negative: String = "blurry")
      throws -> ImageConditioning
    {
      let guidance =
        cfg > 1 ? StableDiffusionXL.Guidance(scale: cfg, negative: try model.prompt(negative)) : nil
      let image = try model.condition(
        model.prompt("a big circle"), guidance: guidance, width: 96, height: 64)
      return try references.map { try image.seeing($0, in: model) } ?? image
    }

    func latents(_ image: ImageConditioning) throws -> Tensor {
      var run = try DenoisingRun(model, image, SamplingPlan(.eulerAncestral, steps: 4), seed: 7)
      while try run.advance() {}
      return run.latents
    }

    func latents(_ references: References?, cfg: Double = 4.5) throws -> Tensor {
      try latents(condition(references, cfg: cfg))
    }
  }

  private func answer(_ name: String) throws -> Tensor {
    try Recorded("ip_adapter/pocket")("latents.\(name)")
  }

  private static func mask(_ isWhite: (_ x: Int, _ y: Int) -> Bool) -> GrayImage? {
    GrayImage(width: 96, height: 64, pixels: (0..<96 * 64).map { isWhite($0 % 96, $0 / 96) ? 255 : 0 })
  }

  @Test func oneReference() throws {
    try onTorch {
      let setting = try Setting()
      let one = try setting.references([setting.reference(0)])
      #expect(try difference(setting.latents(one), answer("one")) < 1e-4)
      #expect(try difference(setting.latents(one, cfg: 1), answer("unguided")) < 1e-4)
    }
  }

  @Test func severalReferences() throws {
    try onTorch {
      let setting = try Setting()
      let three = try setting.references((0..<3).map { try setting.reference($0) })
      #expect(try difference(setting.latents(three), answer("three")) < 1e-4)
      let averaged = try setting.references(
        [setting.reference(0), setting.reference(1, weight: 2), setting.reference(2, weight: 0.5)]
      ) { $0.combination = .averaged }
      #expect(try difference(setting.latents(averaged), answer("averaged")) < 1e-4)
    }
  }

  /// A weight of two is the picture twice, one of zero not at all; equal weights are none.
  @Test func weights() throws {
    try onTorch {
      let setting = try Setting()
      let twice = try setting.references([setting.reference(0, weight: 2), setting.reference(1)])
      #expect(try difference(setting.latents(twice), answer("twice")) < 1e-4)
      let alone = try setting.references([setting.reference(0, weight: 3), setting.reference(1, weight: 0)])
      #expect(try difference(setting.latents(alone), answer("one")) < 1e-4)
    }
  }

  @Test func masks() throws {
    try onTorch {
      let setting = try Setting()
      let masked = try setting.references([
        setting.reference(0, mask: Self.mask { x, _ in x >= 40 }),
        setting.reference(1, weight: 0.5, mask: Self.mask { _, y in y < 20 }),
      ])
      #expect(try difference(setting.latents(masked), answer("masked")) < 1e-4)
      // Without one it counts everywhere.
      let white = try setting.references([
        setting.reference(0), setting.reference(1, mask: Self.mask { _, _ in false }),
      ])
      #expect(try difference(setting.latents(white), answer("one")) < 1e-4)
      let mean = try setting.references([setting.reference(0, mask: Self.mask { _, _ in true })]) {
        $0.combination = .averaged
      }
      #expect(throws: ReferenceError.maskOfAMean) { _ = try setting.condition(mean) }
    }
  }

  @Test func blocks() throws {
    try onTorch {
      let setting = try Setting()
      let style = try setting.references([setting.reference(0)]) { $0.blocks = .style }
      #expect(try difference(setting.latents(style), answer("style")) < 1e-4)
      let image = try setting.condition(
        setting.references([setting.reference(0)]) { $0.blocks = .composition })
      let paths = image.conditioning.positive.context.reference?.terms[0].sights.keys.sorted() ?? []
      #expect(!paths.isEmpty && paths.allSatisfy { $0.hasPrefix("down_blocks.2.attentions.1.") })
    }
  }

  @Test func aPartOfTheRun() throws {
    try onTorch {
      let setting = try Setting()
      let half = try setting.references([setting.reference(0)]) { $0.end = 0.5 }
      #expect(try difference(setting.latents(half), answer("first_half")) < 1e-4)
      let never = try setting.references([setting.reference(0)]) { ($0.start, $0.end) = (1, 1) }
      #expect(try setting.latents(never).values(Float.self) == setting.latents(nil).values(Float.self))
    }
  }

  /// Byte for byte: what does not count takes no part in the arithmetic.
  @Test func nothingOfAReference() throws {
    try onTorch {
      let setting = try Setting()
      let plain = try setting.latents(nil).values(Float.self)
      #expect(try difference(setting.latents(nil), answer("none")) < 1e-4)
      let scaled = try setting.references([setting.reference(0)]) { $0.scale = 0 }
      #expect(try setting.latents(scaled).values(Float.self) == plain)
      let weightless = try setting.references([setting.reference(0, weight: 0)])
      #expect(try setting.latents(weightless).values(Float.self) == plain)
      _ = try setting.latents(setting.references([setting.reference(0)]))
      #expect(try setting.latents(nil).values(Float.self) == plain)
    }
  }

  /// Texts of lengths that make no common one are evaluated in a call each; the references go with them.
  @Test func sidesApart() throws {
    try onTorch {
      let setting = try Setting()
      let references = try setting.references([setting.reference(0)])
      func context(_ image: ImageConditioning) throws -> (negative: AttentionContext, rows: Int) {
        switch try #require(image.conditioning.contrast).sides {
        case .together(let side): (side.context, side.context.text.size(0))
        case .apart(let side): (side.context, side.context.text.size(0))
        }
      }
      func cats(_ count: Int) throws -> StableDiffusionXL.Prompt {
        try setting.model.prompt(String(repeating: "cat ", count: count))
      }
      var image = try setting.model.condition(
        cats(160), guidance: .init(scale: 3, negative: cats(240)), width: 96, height: 64)
      image = try image.seeing(references, in: setting.model)
      let apart = try context(image)
      #expect(apart.rows == 1)
      let together = try context(setting.condition(references))
      #expect(together.rows == 2)
      let path = "mid_block.attentions.0.transformer_blocks.0.attn2"
      let both = try #require(together.negative.reference?.terms[0].sights[path]).keys
      let one = try #require(apart.negative.reference?.terms[0].sights[path]).keys
      #expect(try difference(one, both.narrow(0, from: 0, length: 1)) < 1e-6)
      let positive = try #require(image.conditioning.positive.context.reference?.terms[0].sights[path]).keys
      #expect(try difference(positive, both.narrow(0, from: 1, length: 1)) < 1e-6)
    }
  }
}
