import NN

/// What is alike in every SDXL network, whatever its size.
///
/// Sizes are read off the file, so a file that ends a list too early would pass for a shallower network. These
/// checks hold a list against its siblings, and the real SDXL against its known depths, before anything is read.
/// Source: the `config.json` of SDXL base's networks.
enum Topology {
  /// Layers of CLIP ViT-L and OpenCLIP ViT-bigG by their widths (`num_hidden_layers`). Others may have any number.
  private static let textLayers = [768: 12, 1280: 32]
  /// `block_out_channels[0]` and `transformer_layers_per_block` of the real UNet, 0 where a level has none.
  private static let real = (channels: 320, depths: [0, 2, 10])

  static let perLevel = SingleFileNames.layersPerBlock

  /// - Throws: `WeightError` for the first tensor that should be there and is not, or should not be and is.
  static func check(_ weights: Weights) throws {
    try checkTextEncoder(weights["text_encoder"])
    try checkTextEncoder(weights["text_encoder_2"])
    // What is pooled goes through it.
    try weights["text_encoder_2"].require("text_projection.weight")
    try checkUNet(weights["unet"])
    try checkVAE(weights["vae"])
  }

  private static func checkTextEncoder(_ w: Weights) throws {
    let text = w["text_model"]
    let width = try text["embeddings"]["token_embedding"].shape("weight", rank: 2)[1]
    guard let layers = textLayers[width] else { return }
    for layer in 0..<layers { try text["encoder"]["layers"][layer].require("layer_norm1.weight") }
    try text["encoder"]["layers"][layers].refuse("layer_norm1.weight")
  }

  private static func checkUNet(_ w: Weights) throws {
    let channels = try w["conv_in"].shape("weight", rank: 4)[0]
    let known = channels == real.channels ? real.depths : []
    let levels = max(w.count("down_blocks"), w.count("up_blocks"), known.count)
    try checkLevels(w["down_blocks"], w["up_blocks"], levels)
    for level in 0..<levels {
      var places = transformers(w["down_blocks"][level], perLevel)
      places += transformers(w["up_blocks"][levels - 1 - level], perLevel + 1)
      // The middle is as deep as the smallest level.
      let attends = places.contains { $0.has("norm") || $0.has("transformer_blocks") }
      if level == levels - 1, attends { places.append(w["mid_block"]["attentions"][0]) }
      let deepest = places.map { $0.count("transformer_blocks") }.max() ?? 0
      let depth = max(deepest, attends ? 1 : 0, level < known.count ? known[level] : 0)
      for place in places {
        for block in 0..<depth { try place["transformer_blocks"][block].require("norm1.weight") }
      }
    }
  }

  static func transformers(_ block: Weights, _ count: Int) -> [Weights] {
    (0..<count).map { block["attentions"][$0] }
  }

  /// - Parameter w: an AutoencoderKL.
  static func checkVAE(_ w: Weights) throws {
    let (down, up) = (w["encoder"]["down_blocks"], w["decoder"]["up_blocks"])
    try checkLevels(down, up, max(w["encoder"].count("down_blocks"), w["decoder"].count("up_blocks")))
  }

  /// Two residual blocks a level on the way down, three on the way up; a halving or doubling in all but the last.
  private static func checkLevels(_ down: Weights, _ up: Weights, _ levels: Int) throws {
    for level in 0..<levels {
      for index in 0..<perLevel { try down[level]["resnets"][index].require("norm1.weight") }
      for index in 0...perLevel { try up[level]["resnets"][index].require("norm1.weight") }
      try down[level]["resnets"][perLevel].refuse("norm1.weight")
      try up[level]["resnets"][perLevel + 1].refuse("norm1.weight")
      for (block, module) in [(down[level], "downsamplers"), (up[level], "upsamplers")] {
        if level < levels - 1 {
          try block[module][0].require("conv.weight")
        } else {
          try block[module][0].refuse("conv.weight")
        }
      }
    }
  }
}

extension Weights {
  /// - Parameter tensor: one that stands for its module. - Throws: `WeightError` when it is not there.
  func require(_ tensor: String) throws(WeightError) {
    guard !has(tensor) else { return }
    throw WeightError(file: store.name, tensor: store.fileName(of: "\(path).\(tensor)"), problem: .missing)
  }

  /// - Throws: `WeightError` when the tensor is there.
  func refuse(_ tensor: String) throws(WeightError) {
    guard has(tensor) else { return }
    throw WeightError(file: store.name, tensor: store.fileName(of: "\(path).\(tensor)"), problem: .unexpected)
  }
}
