import NN

/// The names of a VAE's own file: LDM's, with or without the checkpoint's prefix, or diffusers'.
/// Source: diffusers `models/autoencoders/autoencoder_kl.py`; for the names of the attention before diffusers
/// 0.18, `models/modeling_utils.py`, `_convert_deprecated_attention_blocks`.
struct VAEFileNames {
  private enum Naming {
    case ldm(SingleFileNames)
    case diffusers
  }

  private let naming: Naming
  /// `first_stage_model.`, or nothing.
  private let prefix: String
  /// Whether diffusers' attention has its old names.
  private let isOld: Bool

  private static let oldAttention = NamePairs([
    "group_norm": "group_norm", "query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0",
  ])
  private static let attention = ".mid_block.attentions.0."

  init(keys: some Sequence<String>) {
    let prefix = keys.contains { $0.hasPrefix(SingleFileNames.vae) } ? SingleFileNames.vae : ""
    let names = keys.compactMap { $0.dropping(prefix) }
    let isDiffusers = names.contains { $0.hasPrefix("decoder.up_blocks.") || $0.contains(".mid_block.") }
    naming = isDiffusers ? .diffusers : .ldm(SingleFileNames(keys: names.map { SingleFileNames.vae + $0 }))
    isOld = names.contains { $0.hasSuffix(".proj_attn.weight") }
    self.prefix = prefix
  }

  /// What no picture needs of a VAE's file, as of the VAE of a checkpoint.
  func passesOver(_ key: String) -> Bool {
    key.dropping(prefix).map { PassedOver.has(SingleFileNames.vae + $0) } ?? false
  }

  /// What a tensor of the file becomes, `vae.` in front; `nil` for a stranger.
  func target(_ key: String) -> SingleFileNames.Target? {
    guard let rest = key.dropping(prefix) else { return nil }
    switch naming {
    case .ldm(let names): return names.vaeTarget(rest.components)
    case .diffusers:
      guard let (path, module, leaf) = Self.attentionParts(rest) else {
        return SingleFileNames.Target(name: "vae.\(rest)")
      }
      guard let name = isOld ? Self.oldAttention.names[module] : module else { return nil }
      return SingleFileNames.Target(
        name: "vae.\(path)\(Self.attention)\(name).\(leaf)",
        operation: module != "group_norm" && leaf == "weight" ? .squeeze : .none)
    }
  }

  /// The name that such a file has a weight by.
  /// - Parameter name: diffusers', with `vae.` in front.
  func key(_ name: String) -> String? {
    guard let rest = name.dropping("vae.") else { return nil }
    switch naming {
    case .ldm(let names): return names.vaeKey(rest.components).map { prefix + $0 }
    case .diffusers:
      guard isOld, let (path, module, leaf) = Self.attentionParts(rest),
        let old = Self.oldAttention.keys[module]
      else { return prefix + rest }
      return "\(prefix)\(path)\(Self.attention)\(old).\(leaf)"
    }
  }

  /// Side, module and leaf of a tensor of the attention; `nil` for any other.
  private static func attentionParts(_ name: String) -> (path: String, module: String, leaf: String)? {
    for side in ["encoder", "decoder"] {
      guard let tail = name.dropping(side + attention)?.components, let leaf = tail.last else { continue }
      return (side, tail.dropLast().joined(separator: "."), leaf)
    }
    return nil
  }
}
