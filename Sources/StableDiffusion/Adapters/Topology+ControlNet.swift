import NN

extension Topology {
  /// Whether a ControlNet was made for a UNet, and has all its parts. Its transformers may be fewer than the UNet's:
  /// small ControlNets have none.
  /// - Throws: `WeightError` for the first tensor that says otherwise.
  static func checkControlNet(_ w: Weights, beside unet: UNet2DConditionModel) throws {
    func expect(_ place: Weights, _ axis: Int, rank: Int, _ wanted: Int, _ what: String) throws {
      let found = try place.shape("weight", rank: rank)[axis]
      guard found != wanted else { return }
      throw place.unsuitable("weight", "\(what) \(found), the model's \(wanted): it was made for another one")
    }
    let levels = unet.encoder.downBlocks
    let widths = levels.map(\.outC)
    try expect(w["conv_in"], 0, rank: 4, unet.encoder.skipChannels[0], "channels are")
    try expect(w["conv_in"], 1, rank: 4, unet.latentC, "latent channels are")
    for (level, width) in widths.enumerated() {
      let conv = w["down_blocks"][level]["resnets"][0]["conv1"]
      try expect(conv, 0, rank: 4, width, "channels are")
    }
    if let place = attentions(w, levels.count).first(where: { $0.has("transformer_blocks") }) {
      let keys = place["transformer_blocks"][0]["attn2"]["to_k"]
      try expect(keys, 1, rank: 2, unet.contextC, "the width of the text is")
    }
    try expect(
      w["add_embedding"]["linear_1"], 1, rank: 2, unet.encoder.addEmbedding.inC,
      "the width of pooled text and sizes is")
    try checkDepths(w, levels.count)
    for index in unet.encoder.skipChannels.indices {
      try w["controlnet_down_blocks"][index].require("weight")
    }
    try w["controlnet_down_blocks"][unet.encoder.skipChannels.count].refuse("weight")
  }

  /// Every place of a ControlNet that may have a transformer.
  private static func attentions(_ w: Weights, _ levels: Int) -> [Weights] {
    (0..<levels).flatMap { transformers(w["down_blocks"][$0], perLevel) } + [w["mid_block"]["attentions"][0]]
  }

  private static func checkDepths(_ w: Weights, _ levels: Int) throws {
    try w["down_blocks"][levels].refuse("resnets.0.norm1.weight")
    for level in 0..<levels {
      let block = w["down_blocks"][level]
      for index in 0..<perLevel { try block["resnets"][index].require("norm1.weight") }
      try block["resnets"][perLevel].refuse("norm1.weight")
      if level < levels - 1 {
        try block["downsamplers"][0].require("conv.weight")
      } else {
        try block["downsamplers"][0].refuse("conv.weight")
      }
      var places = transformers(block, perLevel)
      let attends = places.contains { $0.has("norm") || $0.has("transformer_blocks") }
      // The middle is as deep as the smallest level.
      if level == levels - 1, attends { places.append(w["mid_block"]["attentions"][0]) }
      let depth = max(places.map { $0.count("transformer_blocks") }.max() ?? 0, attends ? 1 : 0)
      for place in places {
        for index in 0..<depth { try place["transformer_blocks"][index].require("norm1.weight") }
      }
    }
  }
}
