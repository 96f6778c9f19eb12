import CheckpointKinds
import NN

/// The names of a single-file (LDM) SDXL checkpoint, as diffusers' names, and back.
///
/// The one place that knows both. Source: diffusers `loaders/single_file_utils.py`, the
/// `convert_ldm_*_checkpoint` functions and `convert_open_clip_checkpoint`.
struct SingleFileNames {
  static let unet = SDXLComponent.unet.prefix
  static let vae = SDXLComponent.vae.prefix
  static let textEncoder = SDXLComponent.textEncoder.prefix
  static let textEncoder2 = SDXLComponent.textEncoder2.prefix

  /// Residual blocks of one level on the way down (`layers_per_block`); one more on the way up.
  static let layersPerBlock = 2

  /// Levels of the VAE: its up blocks are numbered from the other end.
  let vaeLevels: Int
  /// Levels of the UNet's way up that have transformers: their doubling comes third in its block, else second.
  private let attendingUpLevels: Set<Int>

  init(keys: some Sequence<String>) {
    var (vaeLevels, attending) = (0, Set<Int>())
    for key in keys {
      let level = key.dropping(Self.vae + "decoder.up.") ?? key.dropping(Self.vae + "encoder.down.")
      if let level = level?.components.first?.index {
        vaeLevels = max(vaeLevels, level + 1)
      } else if let parts = key.dropping(Self.unet + "output_blocks.")?.components, parts.count > 2,
        let block = parts[0].index, parts[1] == "2" || (parts[1] == "1" && parts[2] != "conv")
      {
        attending.insert(block / (Self.layersPerBlock + 1))
      }
    }
    (self.vaeLevels, attendingUpLevels) = (vaeLevels, attending)
  }

  func attends(upLevel: Int) -> Bool { attendingUpLevels.contains(upLevel) }

  /// A diffusers name, with the component's name in front, and how the tensor gets there.
  struct Target: Equatable {
    let name: String
    var operation = WeightOperation.none
  }

  /// What a tensor of the file becomes: nothing when it is not a weight of SDXL's, several when it is fused.
  func targets(_ key: String) -> [Target] {
    if let rest = key.dropping(Self.unet) {
      return unetName(rest.components).map { [Target(name: "unet.\($0)")] } ?? []
    }
    if let rest = key.dropping(Self.vae) { return vaeTarget(rest.components).map { [$0] } ?? [] }
    if let rest = key.dropping(Self.textEncoder), rest.hasPrefix("text_model.") {
      return [Target(name: "text_encoder.\(rest)")]
    }
    if let rest = key.dropping(Self.textEncoder2) { return textEncoder2Targets(rest) }
    return []
  }

  /// The name that a file has a weight by, whether or not this one has it; `nil` for no weight of SDXL's.
  /// - Parameter name: diffusers', with the component's name in front.
  func key(_ name: String) -> String? {
    if let rest = name.dropping("unet.") { return unetKey(rest.components).map { Self.unet + $0 } }
    if let rest = name.dropping("vae.") { return vaeKey(rest.components).map { Self.vae + $0 } }
    if let rest = name.dropping("text_encoder.") { return Self.textEncoder + rest }
    if let rest = name.dropping("text_encoder_2.") {
      return textEncoder2Key(rest).map { Self.textEncoder2 + $0 }
    }
    return nil
  }
}

/// Names that stand for each other, one to one.
struct NamePairs {
  /// diffusers' by the file's, and the file's by diffusers'.
  let names: [String: String], keys: [String: String]

  init(_ pairs: KeyValuePairs<String, String>) {
    names = Dictionary(pairs.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    keys = Dictionary(pairs.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
  }
}

extension String {
  /// What follows `prefix`; `nil` when the string does not begin with it.
  func dropping(_ prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }

  /// A place in a list, written the one way that files write it; `nil` for any other text.
  ///
  /// No network has a list of a thousand, so arithmetic on it is safe.
  var index: Int? { Int(self).flatMap { (0..<1000).contains($0) && String($0) == self ? $0 : nil } }

  /// The parts between the dots.
  var components: [String] { split(separator: ".", omittingEmptySubsequences: false).map(String.init) }
}
