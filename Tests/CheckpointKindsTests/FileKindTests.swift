import Safetensors
import Testing

@testable import CheckpointKinds

/// Files as they are found, by a few of their tensors: enough to tell, in the layouts' own names.
@Suite struct FileKindTests {
  struct Layout: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let kind: FileKind
    let tensors: [String: [Int]]

    init(_ what: String, _ kind: FileKind, _ tensors: [String: [Int]]) {
      (testDescription, self.kind, self.tensors) = (what, kind, tensors)
    }

    init(_ what: String, _ kind: FileKind, _ names: [String]) {
      self.init(what, kind, Dictionary(uniqueKeysWithValues: names.map { ($0, [4, 4]) }))
    }
  }

  /// A header with these tensors; there is no data behind it.
  static func header(_ tensors: [String: [Int]]) throws -> SafetensorsHeader {
    var (entries, offset) = ([String](), 0)
    for (name, shape) in tensors.sorted(by: { $0.key < $1.key }) {
      let end = offset + 2 * shape.reduce(1, *)
      entries.append("\"\(name)\":{\"dtype\":\"F16\",\"shape\":\(shape),\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    let bytes = Array("{\(entries.joined(separator: ","))}".utf8)
    return try .parse(bytes, fileSize: UInt64(8 + bytes.count + offset), file: "x.safetensors")
  }

  static let unet = "model.diffusion_model."
  static let sdxl: [String: [Int]] = [
    "model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3],
    "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": [640, 2048],
    "model.diffusion_model.label_emb.0.0.weight": [1280, 2816],
    "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight": [49408, 768],
    "conditioner.embedders.1.model.token_embedding.weight": [49408, 1280],
    "first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3],
    "first_stage_model.encoder.conv_in.weight": [128, 3, 3, 3],
  ]

  /// SDXL with some tensors besides, or without those that begin so.
  static func sdxl(_ more: [String: [Int]] = [:], without prefix: String? = nil) -> [String: [Int]] {
    sdxl.merging(more) { $1 }.filter { name, _ in prefix.map { !name.hasPrefix($0) } ?? true }
  }

  static let ofSDXL = [
    Layout("SDXL", .sdxl, sdxl()),
    Layout(
      "SDXL with strangers", .sdxl, sdxl(["lora_unet_x.lora_down.weight": [4], "control_model.x": [1]])),
    Layout("SDXL inpainting", .sdxlInpainting, sdxl([unet + "input_blocks.0.0.weight": [320, 9, 3, 3]])),
    Layout(
      "CosXL edit", .sdxlEDM,
      sdxl(["edm_vpred.sigma_max": [], unet + "input_blocks.0.0.weight": [320, 8, 3, 3]])),
    Layout("edit", .sdxlInstructPix2Pix, sdxl([unet + "input_blocks.0.0.weight": [320, 8, 3, 3]])),
    Layout("Playground v2.5", .sdxlEDM, sdxl(["edm_mean": [1, 4, 1, 1], "edm_std": [1, 4, 1, 1]])),
    Layout("scaled fp8", .sdxlScaledFP8, sdxl([unet + "scaled_fp8": [2], unet + "out.2.scale_weight": [1]])),
    Layout("mixed fp8", .sdxlScaledFP8, sdxl([unet + "out.2.comfy_quant": [20]])),
    Layout("nf4", .sdxlQuantised, sdxl([unet + "out.2.weight.absmax": [20]])),
    Layout("without VAE", .sdxlParts(missing: [.vae]), sdxl(without: "first_stage_model.")),
    Layout(
      "without text encoders", .sdxlParts(missing: [.textEncoder, .textEncoder2]),
      sdxl(without: "conditioner.")),
    Layout(
      "UNet alone", .sdxlParts(missing: [.textEncoder, .textEncoder2, .vae]),
      [unet + "input_blocks.0.0.weight": [320, 4, 3, 3], unet + "label_emb.0.0.weight": [1280, 2816]]),
    Layout(
      "refiner", .sdxlRefiner,
      [
        unet + "input_blocks.0.0.weight": [384, 4, 3, 3], unet + "label_emb.0.0.weight": [1536, 2560],
        "conditioner.embedders.0.model.token_embedding.weight": [49408, 1280],
        "first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3],
      ]),
    Layout("refiner's UNet", .sdxlRefiner, [unet + "input_blocks.0.0.weight": [384, 4, 3, 3]]),
  ]

  static let others = [
    Layout(
      "SD 1.5", .stableDiffusion1,
      [
        unet + "input_blocks.0.0.weight", "cond_stage_model.transformer.text_model.final_layer_norm.bias",
        "first_stage_model.decoder.conv_in.weight", "alphas_cumprod", "betas",
      ]),
    Layout(
      "SD 1.5's UNet", .stableDiffusion1,
      [
        unet + "input_blocks.0.0.weight": [320, 4, 3, 3],
        unet + "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": [320, 768],
      ]),
    Layout(
      "SD 2.1", .stableDiffusion2,
      [
        unet + "input_blocks.0.0.weight", "cond_stage_model.model.token_embedding.weight",
        "first_stage_model.decoder.conv_in.weight",
      ]),
    Layout(
      "SD 2.1's UNet", .stableDiffusion2,
      [
        unet + "input_blocks.0.0.weight": [320, 4, 3, 3],
        unet + "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": [320, 1024],
      ]),
    Layout("FLUX", .flux, ["double_blocks.0.img_attn.norm.key_norm.scale", "img_in.weight"]),
    Layout(
      "FLUX with its encoders", .flux,
      [
        unet + "double_blocks.0.img_attn.norm.key_norm.scale", "vae.decoder.conv_in.weight",
        "text_encoders.t5xxl.transformer.shared.weight",
      ]),
    Layout(
      "FLUX of diffusers", .flux, ["single_transformer_blocks.0.attn.to_k.weight", "x_embedder.weight"]),
    Layout(
      "SD 3", .stableDiffusion3,
      [
        unet + "joint_blocks.0.context_block.adaLN_modulation.1.bias",
        "first_stage_model.decoder.conv_in.weight",
      ]),
    Layout(
      "Stable Cascade C", .stableCascade, ["clip_txt_mapper.weight", "down_blocks.0.0.channelwise.0.weight"]),
    Layout(
      "Stable Cascade B", .stableCascade, ["effnet_mapper.0.weight", "down_blocks.1.0.channelwise.0.weight"]),
    Layout(
      "UNet of diffusers", .diffusersUNet,
      [
        "down_blocks.0.resnets.0.conv1.weight", "mid_block.resnets.0.conv1.weight",
        "add_embedding.linear_1.bias",
      ]),
    Layout(
      "HF CLIP text", .clipText,
      ["text_model.embeddings.token_embedding.weight", "text_projection.weight"]),
    Layout("open_clip text", .clipText, ["transformer.resblocks.0.ln_1.bias", "token_embedding.weight"]),
    Layout(
      "CLIP vision", .clipVision,
      ["vision_model.embeddings.class_embedding", "visual_projection.weight"]),
    Layout("CLIP", .clip, ["vision_model.embeddings.class_embedding", "text_model.final_layer_norm.bias"]),
    Layout("open_clip", .clip, ["visual.proj", "transformer.resblocks.0.ln_1.bias"]),
    Layout("T5", .t5, ["encoder.block.0.layer.0.SelfAttention.q.weight", "shared.weight"]),
    Layout("nothing known", .unknown, ["model.0.weight", "conv_first.weight"]),
    Layout("nothing at all", .empty, [String]()),
  ]

  static let adapters = [
    Layout(
      "kohya", .lora,
      [
        "lora_unet_input_blocks_4_1_proj_in.lora_down.weight", "lora_te1_text_model_x.alpha",
        "lora_te2_text_model_x.lora_up.weight",
      ]),
    Layout("PEFT", .lora, ["unet.down_blocks.1.attentions.0.proj_in.lora_A.weight"]),
    Layout("PEFT with its model", .lora, ["base_model.model.down_blocks.1.attn.to_q.lora_B.default.weight"]),
    Layout("diffusers", .lora, ["unet.mid_block.attn1.processor.to_q_lora.down.weight"]),
    Layout("ComfyUI's names", .lora, ["diffusion_model.input_blocks.4.1.proj_in.lora_up.weight"]),
    Layout("FLUX LoRA", .lora, ["diffusion_model.double_blocks.0.img_attn.proj.lora_up.weight"]),
    Layout("LoHa", .lora, ["lora_unet_x.hada_w1_a", "lora_unet_x.alpha"]),
    Layout("LoKr", .lora, ["lycoris_x.lokr_w1", "lycoris_x.lokr_w2_a"]),
    Layout("DoRA", .lora, ["x.dora_scale", "x.lora_down.weight"]),
    Layout("textual inversion", .textualInversion, ["clip_l": [3, 768], "clip_g": [3, 1280]]),
    Layout("SD 1.5's textual inversion", .textualInversion, ["emb_params": [3, 768]]),
    Layout("of a .pt", .textualInversion, ["string_to_param.*": [3, 768]]),
    Layout(
      "of diffusers' first trainers", .textualInversion,
      ["text_encoders_0": [2, 768], "text_encoders_1": [2, 1280]]),
    Layout("ControlNet", .controlNetLDM, ["control_model.input_hint_block.0.weight"]),
    Layout(
      "ControlNet without its prefix", .controlNetLDM, ["input_hint_block.0.weight", "time_embed.0.weight"]),
    Layout(
      "ControlNet of diffusers", .controlNet,
      ["controlnet_cond_embedding.conv_in.weight", "down_blocks.0.resnets.0.conv1.weight"]),
    Layout(
      "ControlNet-Union", .controlNetUnion,
      ["controlnet_cond_embedding.conv_in.weight", "task_embedding", "control_add_embedding.linear_1.bias"]),
    Layout("ControlLoRA", .controlLoRA, ["lora_controlnet", "input_hint_block.0.bias", "time_embed.0.up"]),
    Layout("LLLite", .controlLLLite, ["lllite_unet_input_blocks_4_1_attn1_to_q.conditioning1.0.weight"]),
    Layout("T2I-Adapter", .t2iAdapter, ["adapter.body.0.resnets.0.block1.weight"]),
    Layout("IP-Adapter", .ipAdapter, ["image_proj.proj.weight", "ip_adapter.1.to_k_ip.weight"]),
    Layout("FaceID", .ipAdapter, ["image_proj.proj.0.weight", "ip_adapter.0.to_q_lora.down.weight"]),
    Layout(
      "VAE", .vae, ["decoder.conv_in.weight": [512, 4, 3, 3], "encoder.conv_in.weight": [128, 3, 3, 3]]),
    Layout(
      "VAE under its prefix", .vae,
      ["first_stage_model.decoder.conv_in.weight": [512, 4, 3, 3], "first_stage_model.quant_conv.bias": [8]]),
    Layout(
      "VAE of diffusers", .vae,
      ["decoder.mid_block.resnets.0.conv1.bias", "encoder.down_blocks.0.resnets.0.conv1.bias"]),
    Layout(
      "FLUX's VAE", .otherVAE(latentChannels: 16),
      ["decoder.conv_in.weight": [512, 16, 3, 3], "encoder.conv_in.weight": [128, 3, 3, 3]]),
  ]

  @Test(arguments: ofSDXL + others + adapters) func isRecognised(_ layout: Layout) throws {
    #expect(try FileKind(of: Self.header(layout.tensors)) == layout.kind)
  }

  @Test func itIsSaidWhatAFileIs() {
    func said(_ kind: FileKind, wanted: String = "an SDXL checkpoint") -> String {
      ForeignFile(file: "x.safetensors", kind: kind, wanted: wanted).description
    }
    #expect(
      said(.stableDiffusion1) == "x.safetensors is a Stable Diffusion 1.x checkpoint, not an SDXL checkpoint")
    #expect(
      said(.sdxlInstructPix2Pix)
        == "x.safetensors is an SDXL InstructPix2Pix checkpoint, which is not supported")
    #expect(
      said(.sdxlParts(missing: [.textEncoder2, .vae]))
        == "x.safetensors is only a part of an SDXL checkpoint: the second text encoder "
        + "(conditioner.embedders.1.model.*), the VAE (first_stage_model.*) missing")
    #expect(
      said(.unknown) == "x.safetensors is not an SDXL checkpoint, nor of another kind that is known here")
    #expect(said(.lora, wanted: "a VAE for SDXL") == "x.safetensors is a LoRA, not a VAE for SDXL")
    #expect(
      said(.otherVAE(latentChannels: 16), wanted: "a VAE for SDXL")
        == "x.safetensors is a VAE of 16 latent channels (SDXL's has 4), not a VAE for SDXL")
  }
}
