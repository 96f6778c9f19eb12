import Foundation
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Which files are taken, and what is said of those that are not.
@Suite struct CheckpointTests {
  private static let unet = Change.unet
  private static let vae = Change.vae
  private static let text1 = Change.text1
  private static let text2 = Change.text2

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
    .without(text2 + "text_projection"),
    Change(
      "a shape",
      said: unet + "middle_block.0.in_layers.2.weight has shape [64, 32, 3, 3], expected [128, 128, 3, 3]"
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
    Change("an InstructPix2Pix model", said: " is an SDXL InstructPix2Pix checkpoint, which is not supported")
    {
      $0[unet + "input_blocks.0.0.weight"] = .init(.float16, zeros: [64, 8, 3, 3])
    },
    Change("a UNet of five channels", said: unet + "input_blocks.0.0.weight", "takes 5 channels") {
      $0[unet + "input_blocks.0.0.weight"] = .init(.float16, zeros: [64, 5, 3, 3])
    },
    Change("a model of EDM's noise levels", said: " is an SDXL checkpoint trained on EDM's noise levels") {
      $0["edm_vpred.sigma_max"] = .init(.float32, zeros: [])
    },
    Change("scaled weights", said: " is an SDXL checkpoint of scaled 8-bit weights, which is not supported") {
      $0[unet + "out.2.scale_weight"] = .init(.float32, zeros: [])
      $0[unet + "scaled_fp8"] = .init(.float8E4M3, zeros: [2])
    },
    Change("a VAE of 16 channels", said: vae + "encoder.conv_out.weight has shape [8") {
      $0[vae + "post_quant_conv.weight"] = .init(.float16, zeros: [16, 16, 1, 1])
      $0[vae + "post_quant_conv.bias"] = .init(.float16, zeros: [16])
    },
    Change(
      "without a VAE", said: " is only a part of an SDXL checkpoint: the VAE (first_stage_model.*) missing"
    ) {
      $0 = $0.filter { !$0.key.hasPrefix(vae) }
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
    let said = try #require(try Changed.refusal(Changed.pocket(change)), "it loads")
    for part in change.said { #expect(said.contains(part)) }
  }

  @Test func theCopyItselfLoads() throws {
    #expect(try Changed.refusal(Changed.pocket().encoded()) == nil)
  }

  /// Real checkpoints carry such tensors: no picture needs them, whatever their type.
  @Test func whatTrainingLeavesBehindIsPassedOver() throws {
    var copy = try Changed.pocket()
    let left = [
      "model_ema.decay", "model_ema.num_updates", "model_ema.diffusion_modelinput_blocks00weight",
      "first_stage_model.loss.logvar", "denoiser.sigmas", "alphas_cumprod", "betas", "posterior_mean_coef1",
      "scale_factor", "optimizer_states", "global_step", Self.text2 + "attn_mask",
      Self.text1 + "embeddings.position_ids", "conditioner.embedders.0.logit_scale",
      "conditioner.embedders.0.transformer.text_projection.weight",
    ]
    for key in left { copy.tensors[key] = .init(.int64, zeros: [2]) }
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoint(path: folder.write(copy.encoded(), to: "left.safetensors"))
    _ = try onTorch {
      try StableDiffusionXL(checkpoint, vocabulary: Pocket.vocabulary(), options: .init())
    }
    // All of it is told of, and only it.
    let said = checkpoint.passedOver
    #expect(
      said.first == "model_ema.* (3: weights averaged while training, of which the others are the last)")
    let numbers = said.compactMap {
      $0.split(separator: " (").last?.split(separator: ":").first.flatMap { Int($0) }
    }
    #expect(numbers.reduce(0, +) == copy.tensors.keys.filter(Checkpoint.passesOver).count)
    #expect(try Checkpoint(path: Pocket.path).passedOver.allSatisfy { !$0.hasPrefix("model_ema") })
  }

  @Test(arguments: [
    "model_emadecay", "xbetas", "betas2", "conditioner.embedders.0.logit_scales", "denoiser", "v_pred2",
    "first_stage_model.losses.x", "model.betas",
  ]) func whatIsNotListedIsRefused(_ key: String) throws {
    var copy = try Changed.pocket()
    copy.tensors[key] = .init(.float32, zeros: [2])
    #expect(try Changed.refusal(copy.encoded())?.contains("tensor \(key) is not part of an SDXL") == true)
  }

  @Test func otherArchitectures() throws {
    var lora = SafetensorsCopy()
    for leaf in ["lora_up.weight", "lora_down.weight"] {
      lora.tensors["lora_unet_input_blocks_4_1_proj_in.\(leaf)"] = .init(.float16, zeros: [4, 4])
    }
    #expect(try Changed.refusal(lora.encoded()) == "changed.safetensors is a LoRA, not an SDXL checkpoint")

    // SD 1.5: the same UNet names, no size conditioning, one text encoder elsewhere.
    var older = try Changed.pocket()
    for key in older.tensors.keys {
      if key.contains("label_emb") || key.hasPrefix(Self.text2) { older.tensors[key] = nil }
      if let rest = key.dropping("conditioner.embedders.0.") {
        older.tensors["cond_stage_model." + rest] = older.tensors.removeValue(forKey: key)
      }
    }
    #expect(
      try Changed.refusal(older.encoded())
        == "changed.safetensors is a Stable Diffusion 1.x checkpoint, not an SDXL checkpoint")
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

  @Test func progressReachesTheEndOrStops() throws {
    struct Enough: Error {}
    let checkpoint = try Checkpoint(path: Pocket.path)
    var read = 0
    _ = try StableDiffusionXL(checkpoint, vocabulary: Pocket.vocabulary(), options: .init()) { read += $0 }
    #expect(read == checkpoint.byteCount)
    #expect(throws: Enough.self) {
      _ = try StableDiffusionXL(checkpoint, vocabulary: Pocket.vocabulary(), options: .init()) { _ in
        throw Enough()
      }
    }
  }
}
