import Foundation
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Which files are taken, and what is said of those that are not.
@Suite struct CheckpointTests {
  private static let shared = Result { try SafetensorsCopy(path: Pocket.path) }

  /// What loading `data` is refused with, `nil` when it loads. It must name the file, and no folder.
  private func refusal(_ data: Data) throws -> String? {
    let folder = try TemporaryFolder()
    let path = try folder.write(data, to: "changed.safetensors")
    do {
      try onTorch {
        _ = try StableDiffusionXL(Checkpoint(path: path), vocabulary: Pocket.vocabulary(), options: .init())
      }
      return nil
    } catch let error as CheckpointError {
      #expect(error.description.hasPrefix("changed.safetensors: "))
      #expect(!error.description.contains(folder.url.lastPathComponent))
      #expect(!error.description.contains("/"))
      return error.description
    }
  }

  /// A change to the pocket checkpoint, and what must be said of it.
  struct Change: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let said: [String]
    let make: @Sendable (inout [String: SafetensorsCopy.Tensor]) throws -> Void

    init(
      _ what: String, said: String...,
      make: @escaping @Sendable (inout [String: SafetensorsCopy.Tensor]) throws -> Void
    ) {
      (testDescription, self.said, self.make) = (what, said, make)
    }

    /// Said under the name the file would have it by.
    static func without(_ key: String) -> Change {
      Change("without \(key)", said: "tensor \(key) is missing") { $0[key] = nil }
    }
  }

  private static let unet = "model.diffusion_model."
  private static let vae = "first_stage_model."
  private static let text1 = "conditioner.embedders.0.transformer.text_model."
  private static let text2 = "conditioner.embedders.1.model."

  static let missing: [Change] = [
    .without(unet + "input_blocks.0.0.weight"),
    .without(unet + "label_emb.0.0.weight"),
    .without(text1 + "embeddings.token_embedding.weight"),
    .without(text2 + "token_embedding.weight"),
    .without(vae + "decoder.conv_in.weight"),
    .without(unet + "time_embed.2.bias"),
    .without(unet + "middle_block.1.norm.weight"),
    .without(unet + "output_blocks.5.2.conv.bias"),
    .without(unet + "out.2.bias"),
    .without(text1 + "encoder.layers.0.mlp.fc2.bias"),
    .without(text2 + "transformer.resblocks.0.attn.in_proj_bias"),
    .without(vae + "encoder.mid.attn_1.q.weight"),
    .without(vae + "post_quant_conv.weight"),
    .without(unet + "middle_block.1.transformer_blocks.0.attn2.to_q.weight"),
    .without(unet + "input_blocks.4.0.in_layers.2.weight"),
    .without(text1 + "final_layer_norm.weight"),
    .without(text2 + "transformer.resblocks.1.mlp.c_fc.weight"),
    .without(vae + "decoder.up.1.block.2.conv2.bias"),
  ]

  static let others: [Change] = [
    Change("a vocabulary that is cut", said: text2 + "token_embedding.weight", "1000 rows") {
      $0[text2 + "token_embedding.weight"] = .init(.float16, zeros: [1000, 64])
    },
    Change("no pooled text", said: "label_emb.0.0.weight", "pooled text of width 64, the encoder gives 0") {
      $0[text2 + "text_projection"] = nil
    },
    Change(
      "a shape",
      said: unet + "middle_block.0.in_layers.2.weight has shape [64, 32, 3, 3], expected [64, 64, 3, 3]"
    ) {
      $0[unet + "middle_block.0.in_layers.2.weight"] = .init(.float16, zeros: [64, 32, 3, 3])
    },
    Change(
      "a renamed tensor", said: unet + "middle_block.0.in_layers.7.weight is not part of an SDXL checkpoint"
    ) {
      $0[unet + "middle_block.0.in_layers.7.weight"] = $0.removeValue(
        forKey: unet + "middle_block.0.in_layers.2.weight")
    },
    Change(
      "an extra tensor", said: "control_model.input_hint_block.0.weight is not part of an SDXL checkpoint"
    ) {
      $0["control_model.input_hint_block.0.weight"] = .init(.float16, zeros: [4])
    },
    Change("an extra tensor of a text encoder", said: text1 + "encoder.extra.weight is not part of an SDXL") {
      $0[text1 + "encoder.extra.weight"] = .init(.float16, zeros: [4])
    },
    Change("two names for one place", said: unet + "output_blocks.2.2.conv.bias is not part of an SDXL") {
      $0[unet + "output_blocks.2.1.conv.bias"] = $0[unet + "output_blocks.2.2.conv.bias"]
    },
    Change("whole numbers", said: unet + "out.2.bias is I64, expected floating-point numbers") {
      $0[unet + "out.2.bias"] = .init(.int64, zeros: [4])
    },
    Change(
      "a huge index", said: unet + "input_blocks.9223372036854775807.0.in_layers.0.weight is not part of"
    ) {
      $0[unet + "input_blocks.9223372036854775807.0.in_layers.0.weight"] = .init(.float16, zeros: [4])
    },
    Change(
      "a huge index of the VAE",
      said: vae + "decoder.up.9223372036854775807.block.0.conv1.bias is not part of"
    ) {
      $0[vae + "decoder.up.9223372036854775807.block.0.conv1.bias"] = .init(.float16, zeros: [4])
    },
    Change("a huge index of a text encoder", said: text1 + "encoder.layers.", "is missing") {
      $0[text1 + "encoder.layers.9223372036854775807.mlp.fc1.bias"] = .init(.float16, zeros: [4])
    },
    Change("no size at all", said: "input_blocks.0.0.weight", "none of them zero") {
      $0[unet + "input_blocks.0.0.weight"] = .init(.float16, zeros: [64, 0, 3, 3])
    },
    Change("an inpainting model", said: unet + "input_blocks.0.0.weight", "takes 9 channels") {
      $0[unet + "input_blocks.0.0.weight"] = .init(.float16, zeros: [64, 9, 3, 3])
    },
    Change("one channel out", said: unet + "input_blocks.0.0.weight", "takes 4 channels, conv_out gives 1") {
      $0[unet + "out.2.weight"] = .init(.float16, zeros: [1, 64, 3, 3])
      $0[unet + "out.2.bias"] = .init(.float16, zeros: [1])
    },
    Change("text of another width", said: "attn2.to_k.weight", "text of width 96, the encoders give 128") {
      for key in $0.keys where key.contains("attn2.to_k") || key.contains("attn2.to_v") {
        $0[key] = .init(.float16, zeros: [$0[key]?.shape[0] ?? 0, 96])
      }
    },
    Change("pooled text of another width", said: "label_emb.0.0.weight", "pooled text of width 63") {
      $0[unet + "label_emb.0.0.weight"] = .init(.float16, zeros: [256, 63 + 6 * 256])
    },
    Change("no room for pooled text", said: "label_emb.0.0.weight", "no room for the pooled text") {
      $0[unet + "label_emb.0.0.weight"] = .init(.float16, zeros: [256, 6 * 256])
    },
    Change("size conditioning of another width", said: "label_emb.0.2.weight", "gives 1 channels, not 256") {
      $0[unet + "label_emb.0.2.weight"] = .init(.float16, zeros: [1, 1])
      $0[unet + "label_emb.0.2.bias"] = .init(.float16, zeros: [1])
      $0[unet + "label_emb.0.0.weight"] = .init(.float16, zeros: [1, 64 + 6 * 256])
      $0[unet + "label_emb.0.0.bias"] = .init(.float16, zeros: [1])
    },
  ]

  @Test(arguments: missing + others) func changedCheckpoints(_ change: Change) throws {
    var copy = try Self.shared.get()
    try change.make(&copy.tensors)
    let said = try #require(try refusal(copy.encoded()), "it loads")
    for part in change.said { #expect(said.contains(part)) }
  }

  @Test func theCopyItselfLoads() throws {
    #expect(try refusal(Self.shared.get().encoded()) == nil)
  }

  /// Real checkpoints carry such tensors: no picture needs them, whatever their type.
  @Test func whatTrainingLeavesBehindIsPassedOver() throws {
    var copy = try Self.shared.get()
    let left = [
      "model_ema.decay", "model_ema.diffusion_modelinput_blocks00weight", "first_stage_model.loss.logvar",
      "denoiser.sigmas", "alphas_cumprod", Self.text2 + "attn_mask", Self.text1 + "embeddings.position_ids",
    ]
    for key in left { copy.tensors[key] = .init(.int64, zeros: [2]) }
    #expect(try refusal(copy.encoded()) == nil)
  }

  @Test(arguments: [0, 7, 8, 1000, 100_000, 20_000_000]) func cutShort(_ length: Int) throws {
    let said = try #require(try refusal(Data(contentsOf: URL(filePath: Pocket.path)).prefix(length)))
    #expect(said.contains("too few") || said.contains("cut short"))
  }

  @Test func otherArchitectures() throws {
    var lora = SafetensorsCopy()
    for leaf in ["lora_up.weight", "lora_down.weight"] {
      lora.tensors["lora_unet_input_blocks_4_1_proj_in.\(leaf)"] = .init(.float16, zeros: [4, 4])
    }
    #expect(try #require(try refusal(lora.encoded())).contains("input_blocks.0.0.weight is missing"))

    // SD 1.5: the same UNet names, no size conditioning, one text encoder elsewhere.
    var older = try Self.shared.get()
    for key in older.tensors.keys {
      if key.contains("label_emb") || key.hasPrefix(Self.text2) { older.tensors[key] = nil }
      if let rest = key.dropping("conditioner.embedders.0.") {
        older.tensors["cond_stage_model." + rest] = older.tensors.removeValue(forKey: key)
      }
    }
    #expect(try #require(try refusal(older.encoded())).contains("label_emb.0.0.weight is missing"))
  }

  @Test func filesThatAreNotThere() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: CheckpointError.self) {
      try Checkpoint(path: folder.url.appending(path: "gone.safetensors").path)
    }
    #expect(error?.description.hasPrefix("gone.safetensors: ") == true)
    let words = #expect(throws: CheckpointError.self) {
      try Vocabulary(path: folder.url.path + "/merges.txt")
    }
    #expect(words?.description.contains(folder.url.path) == false)
  }

  @Test func markersSayHowItWasTrained() throws {
    let plain = try Checkpoint(path: Pocket.path)
    #expect(plain.markedPrediction == nil && !plain.zeroTerminalSNR)
    var copy = try Self.shared.get()
    copy.tensors["v_pred"] = .init(.float32, zeros: [0])
    copy.tensors["ztsnr"] = .init(.float32, zeros: [])
    let folder = try TemporaryFolder()
    let marked = try Checkpoint(path: folder.write(copy.encoded(), to: "marked.safetensors"))
    #expect(marked.markedPrediction == .vPrediction && marked.zeroTerminalSNR)
    let model = try StableDiffusionXL(marked, vocabulary: Pocket.vocabulary(), options: .init())
    #expect(model.prediction == .vPrediction && model.zeroTerminalSNR)
    #expect(model.schedule.alphasCumprod.last == NoiseSchedule.terminalAlpha)
    let told = try StableDiffusionXL(
      marked, vocabulary: Pocket.vocabulary(), options: .init(), prediction: .epsilon)
    #expect(told.prediction == .epsilon)
  }

  @Test func progressReachesTheEndOrStops() throws {
    struct Enough: Error {}
    let checkpoint = try Checkpoint(path: Pocket.path)
    var read = 0
    _ = try StableDiffusionXL(checkpoint, vocabulary: Pocket.vocabulary(), options: .init()) { read += $0 }
    let ignored = checkpoint.file.header.tensors.values.filter { SingleFileNames.isIgnored($0.name) }
    #expect(read == checkpoint.byteCount - ignored.reduce(0) { $0 + $1.byteCount })
    #expect(throws: Enough.self) {
      _ = try StableDiffusionXL(checkpoint, vocabulary: Pocket.vocabulary(), options: .init()) { _ in
        throw Enough()
      }
    }
  }
}
