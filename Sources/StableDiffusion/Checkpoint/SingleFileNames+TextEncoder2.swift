import NN

/// open_clip's names, as transformers'.
extension SingleFileNames {
  private static let ends = NamePairs([
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
    "text_projection": "text_projection.weight",
  ])
  private static let layer = NamePairs([
    "attn.out_proj": "self_attn.out_proj", "ln_1": "layer_norm1", "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
  ])
  private static let projections = ["q_proj", "k_proj", "v_proj"]
  private static let layers = "text_model.encoder.layers."
  private static let blocks = "transformer.resblocks."

  /// - Parameter key: without the component's prefix.
  func textEncoder2Targets(_ key: String) -> [Target] {
    let component = "text_encoder_2."
    // Files that ComfyUI saved may have the projection as transformers does.
    if key == "text_projection.weight" { return [Target(name: component + key)] }
    if let name = Self.ends.names[key] {
      // open_clip multiplies from the left.
      return [Target(name: component + name, operation: key == "text_projection" ? .transpose : .none)]
    }
    guard let parts = key.dropping(Self.blocks)?.components, parts.count >= 3, let layer = parts[0].index
    else { return [] }
    let path = "\(component)\(Self.layers)\(layer)"
    let tail = parts[1...].joined(separator: ".")
    for leaf in ["weight", "bias"] where tail == "attn.in_proj_\(leaf)" {
      return Self.projections.enumerated().map { part, projection in
        Target(name: "\(path).self_attn.\(projection).\(leaf)", operation: .rows(part: part, of: 3))
      }
    }
    guard let name = Self.layer.names[parts[1...].dropLast().joined(separator: ".")], let leaf = parts.last
    else { return [] }
    return [Target(name: "\(path).\(name).\(leaf)")]
  }

  /// - Parameter name: transformers', without the component. - Returns: the file's, without the prefix.
  func textEncoder2Key(_ name: String) -> String? {
    if let end = Self.ends.keys[name] { return end }
    guard let parts = name.dropping(Self.layers)?.components, parts.count >= 3, let leaf = parts.last else {
      return nil
    }
    let path = "\(Self.blocks)\(parts[0])"
    if parts[1] == "self_attn", Self.projections.contains(parts[2]) { return "\(path).attn.in_proj_\(leaf)" }
    return Self.layer.keys[parts[1...].dropLast().joined(separator: ".")].map { "\(path).\($0).\(leaf)" }
  }
}
