public import Safetensors

extension FileKind {
  /// Tells what a file holds from the names and shapes of its tensors.
  ///
  /// A file with something of all four networks of SDXL is SDXL, whatever else it lacks or has: what is wrong
  /// with it is for its reader to say.
  /// Source of the names: diffusers `loaders/single_file_utils.py`; kohya-ss/sd-scripts and LyCORIS for adapters.
  public init(of header: SafetensorsHeader) {
    let names = TensorNames(header.tensors)
    let missing = SDXLComponent.allCases.filter { !names.begin(with: $0.prefix) }
    if missing.isEmpty {
      self = Self.variants.first { $0.holds(names) }?.kind ?? .sdxl
    } else if let rule = Self.others.first(where: { $0.holds(names) }) {
      self = rule.kind
    } else if let channels = Self.latentChannels(names) {
      self = channels == Self.sdxlLatentChannels ? .vae : .otherVAE(latentChannels: channels)
    } else {
      self =
        missing.count < SDXLComponent.allCases.count
        ? .sdxlParts(missing: missing) : names.count == 0 ? .empty : .unknown
    }
  }

  private struct Rule: Sendable {
    let kind: FileKind
    let holds: @Sendable (TensorNames) -> Bool

    init(_ kind: FileKind, _ holds: @escaping @Sendable (TensorNames) -> Bool) {
      (self.kind, self.holds) = (kind, holds)
    }
  }

  private static let unet = SDXLComponent.unet.prefix
  /// Source: SDXL's `vae/config.json`, latent_channels.
  private static let sdxlLatentChannels = 4

  /// Of what has all of SDXL's networks. The first that holds counts.
  private static let variants = [
    Rule(.sdxlEDM) {
      $0.has("edm_mean", "edm_std", "edm_vpred.sigma_max", "edm_vpred.sigma_min", "edm_eps.sigma_max")
    },
    // Before channels: what is packed has shapes of its own.
    Rule(.sdxlQuantised) { $0.mention(["absmax", "quant_map", "quant_state", "SCB", "weight_format"]) },
    Rule(.sdxlScaledFP8) {
      $0.mention(["scaled_fp8", "scale_weight", "weight_scale", "scale_input", "input_scale", "comfy_quant"])
    },
    Rule(.sdxlInpainting) { inputs($0) == 9 },
    Rule(.sdxlInstructPix2Pix) { inputs($0) == 8 },
  ]

  /// Of all else. The first that holds counts: adapters carry the names of what they adapt.
  private static let others = [
    Rule(.textualInversion) {
      $0.count <= 8 && ($0.has("clip_l", "clip_g", "emb_params") || $0.begin(with: "string_to_param."))
    },
    Rule(.ipAdapter) { $0.begin(with: "image_proj.", "ip_adapter.") },
    Rule(.controlLLLite) { $0.begin(with: "lllite_unet_", "lllite_unet.") },
    Rule(.controlNet) {
      $0.begin(
        with: "control_model.", "controlnet_cond_embedding.", "controlnet_down_blocks.", "input_hint_block.",
        "lora_controlnet")
    },
    Rule(.t2iAdapter) { $0.begin(with: "adapter.body.", "body.0.") },
    Rule(.lora) { $0.begin(with: "lora_unet_", "lora_te", "lycoris_") || $0.mention(loraWords) },
    Rule(.stableDiffusion1) { $0.begin(with: "cond_stage_model.transformer.") },
    Rule(.stableDiffusion2) { $0.begin(with: "cond_stage_model.model.") },
    Rule(.flux) {
      $0.begin(with: "double_blocks.", unet + "double_blocks.", "single_transformer_blocks.")
    },
    Rule(.stableDiffusion3) {
      $0.begin(with: "joint_blocks.", unet + "joint_blocks.", "transformer_blocks.0.attn.add_q_proj.")
    },
    Rule(.stableCascade) {
      $0.has("clip_txt_mapper.weight", unet + "clip_txt_mapper.weight")
        || $0.begin(with: "effnet_mapper.", unet + "effnet_mapper.")
    },
    Rule(.sdxlRefiner) {
      $0.begin(with: "conditioner.embedders.0.model.")
        || $0.shape(unet + "input_blocks.0.0.weight")?.first == refinerWidth
    },
    Rule(.stableDiffusion1) { isOlderUNet($0) && contextWidth($0) == 768 },
    Rule(.stableDiffusion2) { isOlderUNet($0) && contextWidth($0) == 1024 },
    Rule(.diffusersUNet) { $0.begin(with: "down_blocks.0.", "mid_block.resnets.") },
    Rule(.clip) {
      $0.begin(with: "text_model.", "transformer.resblocks.") && $0.begin(with: "vision_model.", "visual.")
    },
    Rule(.clipVision) { $0.begin(with: "vision_model.", "visual.") },
    Rule(.clipText) { $0.begin(with: "text_model.", "transformer.resblocks.", "transformer.text_model.") },
    Rule(.t5) { $0.begin(with: "encoder.block.0.layer.0.SelfAttention.", "encoder.block.0.layer.1.") },
  ]

  /// What ends the names of a LoRA and its kin: LoRA, LoHa, LoKr, OFT, IA³, GLoRA, DoRA, whole differences.
  private static let loraWords: Set<Substring> = [
    "lora_down", "lora_up", "lora_mid", "lora_A", "lora_B", "lora", "lora_linear_layer", "to_q_lora",
    "to_k_lora", "to_v_lora",
    "to_out_lora", "lora_magnitude_vector", "dora_scale", "hada_w1_a", "hada_w1_b", "lokr_w1", "lokr_w1_a",
    "lokr_w2", "lokr_w2_a", "oft_blocks", "oft_diag", "on_input", "diff", "diff_b", "w_norm", "b_norm",
  ]

  /// Source: the refiner's `unet/config.json`, block_out_channels.
  private static let refinerWidth = 384

  private static func inputs(_ names: TensorNames) -> Int? {
    names.shape(unet + "input_blocks.0.0.weight").flatMap { $0.count == 4 ? $0[1] : nil }
  }

  /// A UNet alone that is not told the picture's size, as every one of SDXL is.
  private static func isOlderUNet(_ names: TensorNames) -> Bool {
    names.begin(with: unet) && !names.begin(with: unet + "label_emb.", "conditioner.")
  }

  private static func contextWidth(_ names: TensorNames) -> Int? {
    names.matrix(ending: ".attn2.to_k.weight")?[1]
  }

  /// Channels of the latents, where the file is a VAE alone under LDM's or diffusers' names.
  private static func latentChannels(_ names: TensorNames) -> Int? {
    let others = SDXLComponent.allCases.filter { $0 != .vae }.map(\.prefix)
    guard !others.contains(where: { names.begin(with: $0) }) else { return nil }
    let prefix = SDXLComponent.vae.prefix
    let first = names.shape("decoder.conv_in.weight") ?? names.shape(prefix + "decoder.conv_in.weight")
    if let first, first.count == 4 { return first[1] }
    let parts = ["decoder.up", "decoder.mid", "encoder.down", "encoder.mid"].flatMap { [$0, prefix + $0] }
    // Without its first layer it is still a VAE, and its reader will say what it lacks.
    return parts.contains { names.begin(with: $0 + ".", $0 + "_") } ? sdxlLatentChannels : nil
  }
}

extension SafetensorsFile {
  /// - Throws: `ForeignFile` for anything but a whole SDXL checkpoint that makes pictures from text.
  public func requireSDXL() throws(ForeignFile) {
    let kind = FileKind(of: header)
    guard kind == .sdxl else { throw ForeignFile(file: name, kind: kind, wanted: "an SDXL checkpoint") }
  }

  /// - Throws: `ForeignFile` for anything but a LoRA or one of its kin, for whatever model.
  public func requireLoRA() throws(ForeignFile) {
    let kind = FileKind(of: header)
    guard kind == .lora else { throw ForeignFile(file: name, kind: kind, wanted: "a LoRA") }
  }

  /// - Throws: `ForeignFile` for anything but a VAE alone whose latents have SDXL's four channels.
  public func requireVAE() throws(ForeignFile) {
    let kind = FileKind(of: header)
    guard kind == .vae else { throw ForeignFile(file: name, kind: kind, wanted: "a VAE for SDXL") }
  }
}
