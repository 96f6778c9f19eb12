extension SingleFileNames {
  /// - Parameter key: without the component's prefix. - Returns: diffusers' name; `nil` for a stranger.
  func unetName(_ key: [String]) -> String? {
    let fixed = [
      "time_embed.0": "time_embedding.linear_1", "time_embed.2": "time_embedding.linear_2",
      "label_emb.0.0": "add_embedding.linear_1", "label_emb.0.2": "add_embedding.linear_2",
      "input_blocks.0.0": "conv_in", "out.0": "conv_norm_out", "out.2": "conv_out",
    ]
    if let name = fixed[key.dropLast().joined(separator: ".")], let leaf = key.last {
      return "\(name).\(leaf)"
    }
    guard key.count >= 4, let block = key[1].index else { return nil }
    let tail = Array(key[3...])
    switch (key[0], key[2]) {
    case ("input_blocks", let part):
      // Each level has its residual blocks, then one block that halves.
      let (level, index) = (block - 1).quotientAndRemainder(dividingBy: Self.layersPerBlock + 1)
      if part == "0", tail.count == 2, tail[0] == "op" {
        return "down_blocks.\(level).downsamplers.0.conv.\(tail[1])"
      }
      return module(part, tail, path: "down_blocks.\(level)", index: index)
    case ("middle_block", _) where block <= 2:
      let tail = Array(key[2...])
      return block == 1
        ? "mid_block.attentions.0.\(tail.joined(separator: "."))"
        : resnet(tail).map { "mid_block.resnets.\(block / 2).\($0)" }
    case ("output_blocks", let part):
      let (level, index) = block.quotientAndRemainder(dividingBy: Self.layersPerBlock + 1)
      // The doubling follows the transformer where there is one: the part's number differs.
      if part != "0", tail.count == 2, tail[0] == "conv" {
        return "up_blocks.\(level).upsamplers.0.conv.\(tail[1])"
      }
      return module(part, tail, path: "up_blocks.\(level)", index: index)
    default: return nil
    }
  }

  private func module(_ part: String, _ tail: [String], path: String, index: Int) -> String? {
    switch part {
    case "0": resnet(tail).map { "\(path).resnets.\(index).\($0)" }
    case "1": "\(path).attentions.\(index).\(tail.joined(separator: "."))"
    default: nil
    }
  }

  private func resnet(_ tail: [String]) -> String? {
    let names = [
      "in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj",
      "out_layers.0": "norm2",
      "out_layers.3": "conv2", "skip_connection": "conv_shortcut",
    ]
    guard let name = names[tail.dropLast().joined(separator: ".")], let leaf = tail.last else { return nil }
    return "\(name).\(leaf)"
  }
}
