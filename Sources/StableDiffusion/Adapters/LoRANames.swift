import NN

/// The layers of a model by the names that LoRA files call them.
///
/// kohya's names have `_` for every `.`, so that they cannot be taken apart: they are made from the layers' own names
/// and looked up.
struct LoRANames {
  /// diffusers' names, the network's in front, by every spelling.
  private let layers: [String: String]

  /// - Parameters: weights the model's; names those of its file, which LoRAs may be named after.
  init(_ weights: ParameterTable, _ names: SingleFileNames) {
    var layers: [String: String] = [:]
    for weight in weights.names {
      let layer = weight.components.dropLast().joined(separator: ".")
      guard layers[layer] == nil else { continue }
      for spelling in Self.spellings(of: layer, weight: weight, names) { layers[spelling] = layer }
    }
    self.layers = layers
  }

  /// The layer under diffusers' name; `nil` when the model has none that is called so.
  func layer(_ spelling: String) -> String? {
    // PEFT's wrapper, and the attention's in diffusers before PEFT, where the list of one had no index.
    let plain = (spelling.dropping("base_model.model.") ?? spelling).components.filter { $0 != "processor" }
      .joined(separator: ".")
    return layers[plain] ?? (plain.hasSuffix(".to_out") ? layers[plain + ".0"] : nil)
  }

  /// - Parameter weight: one of the layer's.
  private static func spellings(
    of layer: String, weight: String, _ names: SingleFileNames
  ) -> [String] {
    func kohya(_ name: String) -> String { String(name.map { $0 == "." ? "_" : $0 }) }
    if let name = layer.dropping("unet.") {
      var spellings = [layer, name, "lora_unet_" + kohya(name), "lycoris_" + kohya(name)]
      if let key = names.key(weight)?.dropping(SingleFileNames.unet) {
        let name = key.components.dropLast().joined(separator: ".")
        spellings += ["lora_unet_" + kohya(name), "diffusion_model." + name, SingleFileNames.unet + name]
      }
      return spellings
    }
    for encoder in TextEncoderNames.all {
      guard let name = layer.dropping(encoder.diffusers) else { continue }
      // transformers 5 has no level `text_model`.
      let names = [name] + (name.dropping("text_model.").map { [$0] } ?? [])
      return names.flatMap { name in
        [encoder.diffusers + name, encoder.kohya + kohya(name), encoder.comfyUI + name]
          + (unetLike(name).map { [encoder.diffusers + $0] } ?? [])
      }
    }
    return []
  }

  /// A text encoder's projection as diffusers called it when it had the UNet's names.
  /// Source: diffusers `utils/state_dict_utils.py`, DIFFUSERS_OLD_TO_PEFT.
  private static func unetLike(_ name: String) -> String? {
    let projections = [
      ".q_proj": ".to_q", ".k_proj": ".to_k", ".v_proj": ".to_v", ".out_proj": ".to_out",
    ]
    guard let (new, old) = projections.first(where: { name.hasSuffix($0.key) }) else { return nil }
    return name.dropLast(new.count) + old
  }
}

/// What stands before a text encoder's layers.
struct TextEncoderNames {
  let diffusers: String, kohya: String
  /// ComfyUI saves the names of its own modules.
  let comfyUI: String

  static let first = TextEncoderNames(
    diffusers: "text_encoder.", kohya: "lora_te1_", comfyUI: "text_encoders.clip_l.transformer.")
  static let all = [
    first,
    TextEncoderNames(
      diffusers: "text_encoder_2.", kohya: "lora_te2_", comfyUI: "text_encoders.clip_g.transformer."),
  ]
}
