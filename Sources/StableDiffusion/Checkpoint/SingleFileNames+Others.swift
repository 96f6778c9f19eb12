import NN

extension SingleFileNames {
  /// - Parameter key: without the component's prefix.
  func vaeTarget(_ key: [String]) -> Target? {
    guard key.count >= 2 else { return nil }
    if key[0] == "quant_conv" || key[0] == "post_quant_conv" {
      return Target(name: "vae.\(key.joined(separator: "."))")
    }
    let (side, tail) = (key[0], Array(key[1...]))
    guard side == "encoder" || side == "decoder" else { return nil }
    switch tail[0] {
    case "conv_in", "conv_out": return Target(name: "vae.\(key.joined(separator: "."))")
    case "norm_out" where tail.count == 2: return Target(name: "vae.\(side).conv_norm_out.\(tail[1])")
    case "mid" where tail.count == 4: return middle(tail, path: "vae.\(side).mid_block")
    case "down", "up": return level(tail, side: side)
    default: return nil
    }
  }

  private func middle(_ tail: [String], path: String) -> Target? {
    if tail[1] == "attn_1" {
      let names = ["norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"]
      guard let name = names[tail[2]] else { return nil }
      // The projections are 1 × 1 convolutions in the file, linears here.
      return Target(
        name: "\(path).attentions.0.\(name).\(tail[3])",
        operation: tail[2] != "norm" && tail[3] == "weight" ? .squeeze : .none)
    }
    guard let index = ["block_1": 0, "block_2": 1][tail[1]] else { return nil }
    return Target(name: "\(path).resnets.\(index).\(shortcut(tail[2])).\(tail[3])")
  }

  private func level(_ tail: [String], side: String) -> Target? {
    guard tail.count == 5 || tail.count == 6, let index = tail[1].index else { return nil }
    let path =
      "vae.\(side)." + (tail[0] == "down" ? "down_blocks.\(index)" : "up_blocks.\(vaeLevels - 1 - index)")
    switch (tail[2], tail.count) {
    case ("block", 6): return Target(name: "\(path).resnets.\(tail[3]).\(shortcut(tail[4])).\(tail[5])")
    case ("downsample", 5): return Target(name: "\(path).downsamplers.0.conv.\(tail[4])")
    case ("upsample", 5): return Target(name: "\(path).upsamplers.0.conv.\(tail[4])")
    default: return nil
    }
  }

  private func shortcut(_ name: String) -> String { name == "nin_shortcut" ? "conv_shortcut" : name }

  /// open_clip's names, as transformers'.
  func textEncoder2Targets(_ key: String) -> [Target] {
    let component = "text_encoder_2."
    let fixed = [
      "positional_embedding": "text_model.embeddings.position_embedding.weight",
      "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
      "ln_final.weight": "text_model.final_layer_norm.weight",
      "ln_final.bias": "text_model.final_layer_norm.bias",
    ]
    if let name = fixed[key] { return [Target(name: component + name)] }
    // open_clip multiplies from the left.
    if key == "text_projection" {
      return [Target(name: component + "text_projection.weight", operation: .transpose)]
    }
    let parts = key.components
    guard parts.count >= 5, parts[0] == "transformer", parts[1] == "resblocks", let layer = parts[2].index
    else {
      return []
    }
    let path = "\(component)text_model.encoder.layers.\(layer)"
    let tail = parts[3...].joined(separator: ".")
    for (name, leaf) in [("attn.in_proj_weight", "weight"), ("attn.in_proj_bias", "bias")] where tail == name
    {
      return ["q_proj", "k_proj", "v_proj"].enumerated().map { part, projection in
        Target(name: "\(path).self_attn.\(projection).\(leaf)", operation: .rows(part: part, of: 3))
      }
    }
    let names = [
      "attn.out_proj": "self_attn.out_proj", "ln_1": "layer_norm1", "ln_2": "layer_norm2",
      "mlp.c_fc": "mlp.fc1",
      "mlp.c_proj": "mlp.fc2",
    ]
    guard let name = names[parts[3..<(parts.count - 1)].joined(separator: ".")], let leaf = parts.last else {
      return []
    }
    return [Target(name: "\(path).\(name).\(leaf)")]
  }
}
