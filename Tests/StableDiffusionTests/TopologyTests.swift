import Foundation
import NN
import Safetensors
import TestSupport
import Testing

@testable import StableDiffusion

/// Lists that end too early: every network of SDXL is the same shape, and a shallower one is not loaded as such.
@Suite struct TopologyTests {
  private static let unet = Change.unet
  private static let vae = Change.vae

  static let cut: [Change] = [
    withoutItsSecondBlock("input_blocks.8.1"), withoutItsSecondBlock("output_blocks.2.1"),
    withoutItsSecondBlock("middle_block.1"),
    .without(all: unet + "output_blocks.3.1.transformer_blocks.0.", missing: "norm1.weight"),
    .without(all: unet + "middle_block.1.", missing: "transformer_blocks.0.norm1.weight"),
    .without(all: unet + "input_blocks.8.0.", missing: "in_layers.0.weight"),
    .without(all: unet + "input_blocks.8.", missing: "0.in_layers.0.weight"),
    .without(all: unet + "output_blocks.8.", missing: "0.in_layers.0.weight"),
    .without(all: unet + "output_blocks.4.1.", missing: "transformer_blocks.0.norm1.weight"),
    .without(all: unet + "input_blocks.3.0.op.", missing: "weight"),
    .without(all: unet + "output_blocks.2.2.conv.", missing: "weight"),
    .without(all: vae + "decoder.up.0.block.2.", missing: "norm1.weight"),
    .without(all: vae + "decoder.up.3.", missing: "block.0.norm1.weight"),
    .without(all: vae + "encoder.down.3.", missing: "block.0.norm1.weight"),
    .without(all: vae + "encoder.down.3.block.1.", missing: "norm1.weight"),
    .without(all: vae + "decoder.up.1.upsample.conv.", missing: "weight"),
    .without(all: vae + "encoder.down.2.downsample.conv.", missing: "weight"),
    .without(all: vae + "decoder.mid.attn_1.", missing: "norm.weight"),
    Change(
      "a second block in one place alone", said: "input_blocks.8.1.transformer_blocks.1.norm1",
      "missing"
    ) {
      $0[unet + "input_blocks.7.1.transformer_blocks.1.norm1.weight"] = .init(.float16, zeros: [64])
    },
    Change("one halving too many", said: unet + "input_blocks.9.0.op.weight is not part of an SDXL") {
      $0[unet + "input_blocks.9.0.op.weight"] = .init(.float16, zeros: [64, 64, 3, 3])
      $0[unet + "input_blocks.9.0.op.bias"] = .init(.float16, zeros: [64])
    },
  ]

  /// Two transformer blocks in every place of the smallest level, of which this model has one each, but for `place`.
  private static func withoutItsSecondBlock(_ place: String) -> Change {
    let places =
      ["input_blocks.7.1", "input_blocks.8.1", "middle_block.1"] + (0...2).map { "output_blocks.\($0).1" }
    return Change(
      "\(place) without its second block", said: "\(place).transformer_blocks.1.norm1.weight", "missing"
    ) {
      for other in places where other != place {
        $0[unet + other + ".transformer_blocks.1.norm1.weight"] = .init(.float16, zeros: [128])
      }
    }
  }

  @Test(arguments: cut) func whatIsCutIsMissing(_ change: Change) throws {
    let said = try #require(try Changed.refusal(Changed.pocket(change)), "it loads")
    for part in change.said { #expect(said.contains(part)) }
  }

  /// Every name of the real SDXL, with numbers only where sizes are read.
  private struct Real {
    let folder: TemporaryFolder
    let file: SafetensorsFile
    let names: SingleFileNames

    init() throws {
      var copy = SafetensorsCopy()
      for key in try SingleFileNamesTests.table().keys { copy.tensors[key] = .init(.float16, zeros: [1]) }
      copy.tensors[Change.unet + "input_blocks.0.0.weight"] = .init(.float16, zeros: [320, 4, 3, 3])
      copy.tensors[Change.text1 + "embeddings.token_embedding.weight"] = .init(.float16, zeros: [1, 768])
      copy.tensors[Change.text2 + "token_embedding.weight"] = .init(.float16, zeros: [1, 1280])
      folder = try TemporaryFolder()
      file = try SafetensorsFile(path: folder.write(copy.encoded(), to: "real.safetensors"))
      names = SingleFileNames(keys: file.header.names)
    }

    /// - Parameter change: of the weights by diffusers' names. - Returns: what is said; `nil` for nothing.
    func refusal(_ change: (inout [String: WeightSource]) -> Void = { _ in }) throws -> WeightError? {
      var sources: [String: WeightSource] = [:]
      for (key, info) in file.header.tensors where !Checkpoint.passesOver(key) {
        // Shapes are not looked at, but where they are read.
        for target in names.targets(key) { sources[target.name] = WeightSource(info) }
      }
      change(&sources)
      do {
        try Topology.check(Weights(WeightStore(file, sources: sources, fileName: names.key)))
        return nil
      } catch let error as WeightError {
        return error
      }
    }
  }

  @Test func theRealOneIsWhole() throws {
    let real = try Real()
    #expect(try real.refusal() == nil)
    // It is also recognised, and nothing of it is a stranger.
    _ = try Checkpoint(path: real.folder.path("real.safetensors"))
  }

  @Test(arguments: [
    "text_encoder.text_model.encoder.layers.11", "text_encoder.text_model.encoder.layers.0",
    "text_encoder_2.text_model.encoder.layers.31", "text_encoder_2.text_model.encoder.layers.7",
    "unet.down_blocks.1.attentions.0.transformer_blocks.1",
    "unet.down_blocks.2.attentions.1.transformer_blocks.9",
    "unet.mid_block.attentions.0.transformer_blocks.9", "unet.up_blocks.0.attentions.2",
    "unet.up_blocks.1.attentions.2.transformer_blocks.1", "unet.down_blocks.2", "unet.up_blocks.2",
    "unet.up_blocks.2.resnets.2", "unet.down_blocks.0.resnets.1", "unet.down_blocks.1.downsamplers",
    "unet.up_blocks.1.upsamplers", "vae.encoder.down_blocks.3", "vae.decoder.up_blocks.3",
    "vae.decoder.up_blocks.0.resnets.2", "vae.decoder.up_blocks.2.upsamplers",
  ])
  func whatTheRealOneLacksIsNamed(_ module: String) throws {
    let real = try Real()
    let error = try #require(
      try real.refusal { sources in
        sources = sources.filter { !$0.key.hasPrefix(module + ".") }
      })
    #expect(error.problem == .missing)
    let target = try #require(real.names.targets(error.tensor).first?.name)
    #expect(target.hasPrefix(module + "."))
  }

  /// The depth is known where the width is SDXL's, even if all of a level agree.
  @Test func aLevelCutEverywhereIsMissing() throws {
    let real = try Real()
    let error = try real.refusal { $0 = $0.filter { !$0.key.contains(".transformer_blocks.9.") } }
    #expect(error?.tensor == Change.unet + "input_blocks.7.1.transformer_blocks.9.norm1.weight")
    let levels = try real.refusal { sources in
      sources = sources.filter { !$0.key.contains("down_blocks.2.") && !$0.key.contains("up_blocks.2.") }
    }
    #expect(levels?.problem == .missing)
  }

  @Test func aLayerTooManyIsAStranger() throws {
    let real = try Real()
    let extra = "text_encoder.text_model.encoder.layers.12.layer_norm1.weight"
    let error = try real.refusal { $0[extra] = $0["text_encoder.text_model.final_layer_norm.weight"] }
    #expect(error?.problem == .unexpected)
  }
}
