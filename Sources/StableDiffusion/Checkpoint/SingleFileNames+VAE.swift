import NN

extension SingleFileNames {
  private static let attention = NamePairs([
    "norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0",
  ])
  private static let resnet = NamePairs([
    "norm1": "norm1", "conv1": "conv1", "norm2": "norm2", "conv2": "conv2", "nin_shortcut": "conv_shortcut",
  ])
  private static let ends = NamePairs([
    "conv_in": "conv_in", "conv_out": "conv_out", "norm_out": "conv_norm_out",
  ])
  private static let sides = ["encoder", "decoder"]

  /// - Parameter key: without the component's prefix.
  func vaeTarget(_ key: [String]) -> Target? {
    guard key.count >= 2 else { return nil }
    if key[0] == "quant_conv" || key[0] == "post_quant_conv" {
      return Target(name: "vae.\(key.joined(separator: "."))")
    }
    let (side, tail) = (key[0], Array(key[1...]))
    guard Self.sides.contains(side) else { return nil }
    switch tail[0] {
    case "mid" where tail.count == 4: return middle(tail, path: "vae.\(side).mid_block")
    case "down", "up": return level(tail, side: side)
    default:
      guard tail.count == 2, let name = Self.ends.names[tail[0]] else { return nil }
      return Target(name: "vae.\(side).\(name).\(tail[1])")
    }
  }

  private func middle(_ tail: [String], path: String) -> Target? {
    if tail[1] == "attn_1" {
      guard let name = Self.attention.names[tail[2]] else { return nil }
      // The projections are 1 × 1 convolutions in the file, linears here.
      return Target(
        name: "\(path).attentions.0.\(name).\(tail[3])",
        operation: tail[2] != "norm" && tail[3] == "weight" ? .squeeze : .none)
    }
    guard let index = ["block_1": 0, "block_2": 1][tail[1]], let name = Self.resnet.names[tail[2]] else {
      return nil
    }
    return Target(name: "\(path).resnets.\(index).\(name).\(tail[3])")
  }

  private func level(_ tail: [String], side: String) -> Target? {
    guard tail.count == 5 || tail.count == 6, let index = tail[1].index else { return nil }
    let path =
      "vae.\(side)." + (tail[0] == "down" ? "down_blocks.\(index)" : "up_blocks.\(vaeLevels - 1 - index)")
    switch (tail[2], tail.count) {
    case ("block", 6):
      return Self.resnet.names[tail[4]].map { Target(name: "\(path).resnets.\(tail[3]).\($0).\(tail[5])") }
    case ("downsample", 5) where tail[3] == "conv":
      return Target(name: "\(path).downsamplers.0.conv.\(tail[4])")
    case ("upsample", 5) where tail[3] == "conv":
      return Target(name: "\(path).upsamplers.0.conv.\(tail[4])")
    default: return nil
    }
  }

  /// - Parameter name: diffusers', without the component. - Returns: the file's, without the prefix.
  func vaeKey(_ name: [String]) -> String? {
    guard name.count >= 2, let leaf = name.last else { return nil }
    if name[0] == "quant_conv" || name[0] == "post_quant_conv" { return name.joined(separator: ".") }
    guard Self.sides.contains(name[0]), name.count >= 3 else { return nil }
    let side = name[0]
    if let end = Self.ends.keys[name[1]], name.count == 3 { return "\(side).\(end).\(leaf)" }
    if name[1] == "mid_block", name.count >= 6, let index = name[3].index {
      let module = name[4...].dropLast().joined(separator: ".")
      return name[2] == "attentions"
        ? Self.attention.keys[module].map { "\(side).mid.attn_1.\($0).\(leaf)" }
        : Self.resnet.keys[module].map { "\(side).mid.block_\(index + 1).\($0).\(leaf)" }
    }
    guard name.count >= 7, let level = name[2].index else { return nil }
    let path =
      name[1] == "down_blocks" ? "\(side).down.\(level)" : "\(side).up.\(max(0, vaeLevels - 1 - level))"
    switch name[3] {
    case "resnets": return Self.resnet.keys[name[5]].map { "\(path).block.\(name[4]).\($0).\(leaf)" }
    case "downsamplers": return "\(path).downsample.conv.\(leaf)"
    case "upsamplers": return "\(path).upsample.conv.\(leaf)"
    default: return nil
    }
  }
}
