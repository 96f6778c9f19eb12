import Foundation
import NN
import Testing

@testable import StableDiffusion

/// Every name of an SDXL file (Fixtures/names.tsv, made by scripts/fixtures/names.py with diffusers' converters).
@Suite struct SingleFileNamesTests {
  struct Malformed: Error { let line: Substring }

  /// The targets by the file's name, none for tensors that are not used.
  static func table() throws -> [String: [SingleFileNames.Target]] {
    let text = String(
      decoding: try Fixture.bytes("Tests/StableDiffusionTests/Fixtures/names.tsv"), as: UTF8.self)
    var table: [String: [SingleFileNames.Target]] = [:]
    var (key, name) = ("", "")
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == 5, let sameKey = Int(fields[0]), let sameName = Int(fields[2]) else {
        throw Malformed(line: line)
      }
      key = String(key.prefix(sameKey) + fields[1])
      name = String(name.prefix(sameName) + fields[3])
      let operation: WeightOperation? =
        switch fields[4] {
        case "": WeightOperation.none
        case "rows 0/3": .rows(part: 0, of: 3)
        case "rows 1/3": .rows(part: 1, of: 3)
        case "rows 2/3": .rows(part: 2, of: 3)
        case "transpose": .transpose
        case "squeeze": .squeeze
        default: nil
        }
      guard let operation else { throw Malformed(line: line) }
      table[key, default: []] +=
        name.isEmpty ? [] : [SingleFileNames.Target(name: name, operation: operation)]
    }
    return table
  }

  @Test func everyName() throws {
    let table = try Self.table()
    #expect(table.count == 2515)
    let names = SingleFileNames(keys: table.keys)
    #expect(names.vaeLevels == 4)
    for (key, targets) in table {
      if Checkpoint.passesOver(key) {
        #expect(targets.isEmpty, "\(key)")
      } else {
        #expect(names.targets(key) == targets, "\(key)")
        // And back, whether or not the file has it.
        for target in targets { #expect(names.key(target.name) == key) }
      }
    }
    let all = table.values.joined().map(\.name)
    #expect(all.count == 2641)
    #expect(Set(all).count == all.count)
  }

  @Test(arguments: [
    "unet.x", "vae.x.y", "text_encoder_2.text_model.x", "other.x", "unet.up_blocks.0.x.0.conv.w", "",
  ])
  func whatNoFileHasHasNoKey(_ name: String) {
    #expect(SingleFileNames(keys: []).key(name) == nil)
  }

  @Test(arguments: [
    "", ".", "model", "model.diffusion_model.", "model_ema.decay", "lora_unet_down_blocks_1.alpha",
    "model.diffusion_model.input_blocks.1.0.in_layers.0",
    "model.diffusion_model.input_blocks.1.0.in_layers.9.weight",
    "model.diffusion_model.input_blocks.+1.0.in_layers.0.weight",
    "model.diffusion_model.input_blocks.01.0.in_layers.0.weight",
    "model.diffusion_model.input_blocks.-1.0.in_layers.0.weight",
    "model.diffusion_model.input_blocks.9223372036854775807.0.in_layers.0.weight",
    "model.diffusion_model.input_blocks.1.2.norm.weight",
    "model.diffusion_model.middle_block.3.in_layers.0.weight",
    "model.diffusion_model.output_blocks.x.0.in_layers.0.weight", "model.diffusion_model.out.1.weight",
    "model.diffusion_model.time_embed.1.weight", "model.diffusion_model.conv_in.weight",
    "first_stage_model.", "first_stage_model.loss.logvar", "first_stage_model.decoder.weight",
    "first_stage_model.decoder.up.0.attn.0.q.weight", "first_stage_model.decoder.mid.attn_1.x.weight",
    "first_stage_model.decoder.mid.block_3.conv1.weight",
    "first_stage_model.decoder.up.9223372036854775807.block.0.conv1.weight",
    "first_stage_model.decoder.up.-9223372036854775808.block.0.conv1.weight",
    "conditioner.embedders.0.transformer.logit_scale", "conditioner.embedders.1.model.visual.proj",
    "conditioner.embedders.1.model.transformer.resblocks.x.ln_1.weight",
    "conditioner.embedders.1.model.transformer.resblocks.0.ln_3.weight",
    "conditioner.embedders.1.model.transformer.resblocks.9223372036854775807.ln_1.weight",
    "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight",
  ])
  func strangersHaveNoTarget(_ key: String) throws {
    // Beside the names of a whole file, and alone.
    #expect(SingleFileNames(keys: Array(try Self.table().keys) + [key]).targets(key).isEmpty)
    #expect(SingleFileNames(keys: [key]).targets(key).isEmpty)
  }
}
