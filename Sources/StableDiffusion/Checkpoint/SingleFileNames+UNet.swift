extension SingleFileNames {
  private static let ends = NamePairs([
    "time_embed.0": "time_embedding.linear_1", "time_embed.2": "time_embedding.linear_2",
    "label_emb.0.0": "add_embedding.linear_1", "label_emb.0.2": "add_embedding.linear_2",
    "input_blocks.0.0": "conv_in", "out.0": "conv_norm_out", "out.2": "conv_out",
  ])
  private static let resnet = NamePairs([
    "in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj", "out_layers.0": "norm2",
    "out_layers.3": "conv2", "skip_connection": "conv_shortcut",
  ])
  /// Each level has its residual blocks, and one block that halves (down) or one more residual block (up).
  private static let blocksPerLevel = layersPerBlock + 1

  /// - Parameter key: without the component's prefix. - Returns: diffusers' name; `nil` for a stranger.
  func unetName(_ key: [String]) -> String? {
    if let name = Self.ends.names[key.dropLast().joined(separator: ".")], let leaf = key.last {
      return "\(name).\(leaf)"
    }
    guard key.count >= 4, let block = key[1].index else { return nil }
    let tail = Array(key[3...])
    switch (key[0], key[2]) {
    case ("input_blocks", let part):
      // Block 0 is the first convolution.
      let (level, index) = (block - 1).quotientAndRemainder(dividingBy: Self.blocksPerLevel)
      if part == "0", tail.count == 2, tail[0] == "op" {
        return "down_blocks.\(level).downsamplers.0.conv.\(tail[1])"
      }
      return module(part, tail, path: "down_blocks.\(level)", index: index)
    case ("middle_block", _) where block <= 2:
      let tail = Array(key[2...])
      return block == 1
        ? "mid_block.attentions.0.\(tail.joined(separator: "."))"
        : translated(tail, by: Self.resnet.names).map { "mid_block.resnets.\(block / 2).\($0)" }
    case ("output_blocks", let part):
      let (level, index) = block.quotientAndRemainder(dividingBy: Self.blocksPerLevel)
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
    case "0": translated(tail, by: Self.resnet.names).map { "\(path).resnets.\(index).\($0)" }
    case "1": "\(path).attentions.\(index).\(tail.joined(separator: "."))"
    default: nil
    }
  }

  /// All but the leaf, in the other language.
  private func translated(_ tail: [String], by names: [String: String]) -> String? {
    guard let name = names[tail.dropLast().joined(separator: ".")], let leaf = tail.last else { return nil }
    return "\(name).\(leaf)"
  }

  /// - Parameter name: diffusers', without the component. - Returns: the file's, without the prefix.
  func unetKey(_ name: [String]) -> String? {
    if let end = translated(name, by: Self.ends.keys) { return end }
    if name.count >= 4, name[0] == "mid_block", let index = name[2].index {
      let tail = Array(name[3...])
      return name[1] == "attentions"
        ? "middle_block.1.\(tail.joined(separator: "."))"
        : translated(tail, by: Self.resnet.keys).map { "middle_block.\(2 * index).\($0)" }
    }
    guard name.count >= 5, let level = name[1].index, let index = name[3].index else { return nil }
    let (down, tail) = (name[0] == "down_blocks", Array(name[4...]))
    guard down || name[0] == "up_blocks" else { return nil }
    let side = down ? "input_blocks" : "output_blocks"
    let first = level * Self.blocksPerLevel + (down ? 1 : 0)
    switch name[2] {
    case "resnets":
      return translated(tail, by: Self.resnet.keys).map { "\(side).\(first + index).0.\($0)" }
    case "attentions": return "\(side).\(first + index).1.\(tail.joined(separator: "."))"
    case "downsamplers" where down && tail.count == 2:
      return "\(side).\(first + Self.layersPerBlock).0.op.\(tail[1])"
    case "upsamplers" where !down && tail.count == 2:
      return "\(side).\(first + Self.layersPerBlock).\(attends(upLevel: level) ? 2 : 1).conv.\(tail[1])"
    default: return nil
    }
  }
}
