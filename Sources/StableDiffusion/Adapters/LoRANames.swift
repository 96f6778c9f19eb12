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
    for (network, prefix) in [("text_encoder.", "lora_te1_"), ("text_encoder_2.", "lora_te2_")] {
      guard let name = layer.dropping(network) else { continue }
      // transformers 5 has no level `text_model`.
      let short = name.dropping("text_model.").map { [network + $0] } ?? []
      return [layer, prefix + kohya(name)] + short
    }
    return []
  }
}
