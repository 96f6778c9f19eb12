import JSON
import Safetensors

/// What diffusers notes beside the factors that PEFT trained, when it saves them: the alphas.
/// Source: diffusers `loaders/lora_base.py` and `loaders/peft.py`, LORA_ADAPTER_METADATA_KEY; PEFT
/// `tuners/lora/config.py`.
struct PEFTSettings {
  private var networks: [String: Network] = [:]

  fileprivate struct Network {
    var alpha: Double?
    /// In the file's order: of several that match a layer the first counts.
    var alphas: [(layers: LayerPattern, alpha: Double)] = []
    /// Rank-stabilised: divided by the root of the rank.
    var isStabilised = false
  }

  private static let key = "lora_adapter_metadata"
  private static let longest = 1 << 20
  /// Patterns that fit names of several lengths, for each of a network's thousand layers to be held against.
  fileprivate static let mostOpen = 32

  /// - Throws: `LoRAError` for a note that cannot be read, or says what is not known here: the file's strength hangs on
  ///   it.
  init(_ file: SafetensorsFile) throws(LoRAError) {
    guard let text = file.header.metadata[Self.key], !text.isEmpty else { return }
    guard text.utf8.count <= Self.longest, let note = try? JSONValue.parse(Array(text.utf8)),
      note == .null || note.objectValue != nil
    else { throw LoRAError("\(file.name): the note \(Self.key) is not an object of JSON") }
    for member in note.objectValue?.members ?? [] {
      // A model's own save_lora_adapter writes no network's name; of SDXL's models the UNet alone has it.
      let dot = member.key.firstIndex(of: ".")
      let network = dot.map { String(member.key[..<$0]) } ?? "unet"
      let setting = dot.map { String(member.key[member.key.index(after: $0)...]) } ?? member.key
      do throws(Refusal) {
        try networks[network, default: .init()].take(setting, member.value)
      } catch {
        throw LoRAError("\(file.name): in the note \(Self.key), \(member.key) \(error.why)")
      }
    }
  }

  /// `alpha / rank` of a layer; `nil` where nothing is noted.
  /// - Parameter layer: diffusers' name, the network's in front.
  func factor(layer: String, rank: Int) -> Double? {
    let parts = layer.components
    guard let network = parts.first.flatMap({ networks[$0] }) else { return nil }
    let name = parts.dropFirst().joined(separator: ".")
    // transformers 5 has no level `text_model`.
    let names = [name] + (name.dropping("text_model.").map { [$0] } ?? [])
    let noted = network.alphas.first { names.contains(where: $0.layers.matches) }
    return (noted?.alpha ?? network.alpha).map {
      $0 / (network.isStabilised ? Double(rank).squareRoot() : Double(rank))
    }
  }

  fileprivate struct Refusal: Error {
    let why: String
  }
}

extension PEFTSettings.Network {
  fileprivate mutating func take(_ setting: String, _ value: JSONValue) throws(PEFTSettings.Refusal) {
    switch setting {
    case "lora_alpha": alpha = try Self.number(value)
    case "use_rslora":
      guard let flag = value.boolValue else { throw .init(why: "is neither true nor false") }
      isStabilised = flag
    case "alpha_pattern":
      guard let patterns = value.objectValue?.members else { throw .init(why: "is not an object") }
      for member in patterns {
        guard let layers = LayerPattern(member.key) else {
          throw .init(why: "has \(member.key), which is no regular expression that is read here")
        }
        alphas.append((layers, try Self.number(member.value)))
      }
      guard alphas.count(where: \.layers.isOpen) <= PEFTSettings.mostOpen else {
        throw .init(why: "has more than \(PEFTSettings.mostOpen) expressions for names of several lengths")
      }
    case "peft_type":
      // LoKr's alphas have other names, and count where there is no rank.
      guard value == "LORA" else { throw .init(why: "is not LORA") }
    default: break
    }
  }

  private static func number(_ value: JSONValue) throws(PEFTSettings.Refusal) -> Double {
    guard let number = value.numberValue?.double else { throw .init(why: "is not a number") }
    return number
  }
}
