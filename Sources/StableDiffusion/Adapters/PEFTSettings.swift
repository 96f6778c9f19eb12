import FoundationEssentials

/// What diffusers notes beside the factors that PEFT trained, when it saves them: the alphas.
/// Source: diffusers `loaders/lora_base.py`, LORA_ADAPTER_METADATA_KEY; PEFT `tuners/lora/config.py` and
/// `utils/other.py`, get_pattern_key.
struct PEFTSettings {
  private let networks: [String: Network]

  private struct Network {
    var alpha: Double?
    var alphas: [String: Double] = [:]
    /// Rank-stabilised: divided by the root of the rank.
    var isStabilised = false
  }

  private enum Value: Decodable {
    case number(Double), flag(Bool), numbers([String: Double]), other

    init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .flag(flag)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let numbers = try? container.decode([String: Double].self) {
        self = .numbers(numbers)
      } else {
        self = .other
      }
    }
  }

  /// A longer text is no such note.
  private static let longest = 1 << 20

  /// - Parameter metadata: the file's notes. `nil` when there is none of this kind.
  init?(_ metadata: [String: String]) {
    guard let text = metadata["lora_adapter_metadata"], text.utf8.count <= Self.longest,
      let values = try? JSONDecoder().decode([String: Value].self, from: Data(text.utf8))
    else { return nil }
    var networks: [String: Network] = [:]
    for (key, value) in values {
      guard let dot = key.firstIndex(of: ".") else { continue }
      let network = String(key[..<dot])
      switch (key[key.index(after: dot)...], value) {
      case ("lora_alpha", .number(let alpha)): networks[network, default: .init()].alpha = alpha
      case ("alpha_pattern", .numbers(let alphas)): networks[network, default: .init()].alphas = alphas
      case ("use_rslora", .flag(let flag)): networks[network, default: .init()].isStabilised = flag
      default: break
      }
    }
    self.networks = networks
  }

  /// `alpha / rank` of a layer; `nil` where nothing is noted.
  /// - Parameter layer: diffusers' name, the network's in front.
  func factor(layer: String, rank: Int) -> Double? {
    let parts = layer.components
    guard let network = parts.first.flatMap({ networks[$0] }) else { return nil }
    let name = parts.dropFirst().joined(separator: ".")
    let noted = network.alphas.filter { name == $0.key || name.hasSuffix("." + $0.key) }
    // Of several that fit the longest says most.
    let alpha = noted.max { $0.key.count < $1.key.count }?.value ?? network.alpha
    return alpha.map { $0 / (network.isStabilised ? Double(rank).squareRoot() : Double(rank)) }
  }
}
