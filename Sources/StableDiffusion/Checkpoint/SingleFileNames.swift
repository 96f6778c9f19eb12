import NN

/// The names of a single-file (LDM) SDXL checkpoint, as diffusers' names.
///
/// The one place that knows both. Source: diffusers `loaders/single_file_utils.py`, the
/// `convert_ldm_*_checkpoint` functions and `convert_open_clip_checkpoint`.
struct SingleFileNames {
  static let unet = "model.diffusion_model."
  static let vae = "first_stage_model."
  static let textEncoder = "conditioner.embedders.0.transformer."
  static let textEncoder2 = "conditioner.embedders.1.model."

  /// Residual blocks of one level on the UNet's way down (`layers_per_block`); one more on the way up.
  static let layersPerBlock = 2

  /// Levels of the VAE: its up blocks are numbered from the other end.
  let vaeLevels: Int

  init(keys: some Sequence<String>) {
    let prefix = Self.vae + "decoder.up."
    let levels = keys.compactMap { $0.dropping(prefix)?.components.first?.index }
    vaeLevels = (levels.max() ?? -1) + 1
  }

  /// A diffusers name, with the component's name in front, and how the tensor gets there.
  struct Target: Equatable {
    let name: String
    var operation = WeightOperation.none
  }

  /// What a tensor of the file becomes: nothing when it is not a weight of SDXL's, several when it is fused.
  func targets(_ key: String) -> [Target] {
    if let rest = key.dropping(Self.unet) {
      return unetName(rest.components).map { [Target(name: "unet.\($0)")] } ?? []
    }
    if let rest = key.dropping(Self.vae) { return vaeTarget(rest.components).map { [$0] } ?? [] }
    if let rest = key.dropping(Self.textEncoder), rest.hasPrefix("text_model.") {
      return [Target(name: "text_encoder.\(rest)")]
    }
    if let rest = key.dropping(Self.textEncoder2) { return textEncoder2Targets(rest) }
    return []
  }

  /// Tensors that checkpoints carry beside the weights and no picture needs: marks, tables that are computed
  /// anew, and what training leaves behind.
  static func isIgnored(_ key: String) -> Bool {
    let names = [
      "\(textEncoder)text_model.embeddings.position_ids", "\(textEncoder2)logit_scale",
      "\(textEncoder2)attn_mask", CheckpointMarker.vPrediction, CheckpointMarker.zeroTerminalSNR,
      "alphas_cumprod", "denoiser.sigmas",
    ]
    let prefixes = ["model_ema.", "first_stage_model.loss."]
    return names.contains(key) || prefixes.contains { key.hasPrefix($0) }
  }
}

/// Tensors that carry no numbers: their presence says how the checkpoint was trained.
enum CheckpointMarker {
  static let vPrediction = "v_pred"
  static let zeroTerminalSNR = "ztsnr"
}

extension String {
  /// What follows `prefix`; `nil` when the string does not begin with it.
  func dropping(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }

  /// A place in a list, written the one way that files write it; `nil` for any other text.
  ///
  /// No network has a list of a thousand, so arithmetic on it is safe.
  var index: Int? { Int(self).flatMap { (0..<1000).contains($0) && String($0) == self ? $0 : nil } }

  /// The parts between the dots.
  var components: [String] { split(separator: ".", omittingEmptySubsequences: false).map(String.init) }
}
