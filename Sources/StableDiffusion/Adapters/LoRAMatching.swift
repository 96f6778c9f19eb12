import CheckpointKinds
import Safetensors

/// A file's tensors, each with the layer of the model that it is for.
struct LoRAMatching {
  /// In the order of the model's names.
  let layers: [(name: String, parts: LoRALayer.Parts)]
  /// What is passed over, a sentence each.
  let notes: [String]

  /// - Parameter model: the checkpoint's file, for messages.
  /// - Throws: `LoRAError` when tensors are of no kind that is known here, or their layers are not in the model.
  init(_ file: SafetensorsFile, _ names: LoRANames, model: String) throws(LoRAError) {
    var layers: [String: LoRALayer.Parts] = [:]
    var (homeless, unknown): ([String], [String]) = ([], [])
    var passedOver: [String: [String]] = [:]
    let blocks = LoRABlockNames(file.header.names)
    for key in file.header.names {
      guard let info = file.header.tensors[key] else { continue }
      if let reason = Self.reasonToPassOver(key) ?? blocks.reasonToPassOver(key) {
        passedOver[reason, default: []].append(key)
      } else if let (spelling, part) = LoRAPart.split(key) {
        guard let layer = names.layer(spelling) else {
          homeless.append(key)
          continue
        }
        guard layers[layer]?[part] == nil else {
          throw LoRAError(file: file.name, tensor: key, "is there twice, under two names of its layer")
        }
        layers[layer, default: .init(file: file.name)].tensors[part] = info
      } else {
        unknown.append(key)
      }
    }
    // An alpha alone multiplies nothing.
    for (layer, parts) in layers where parts.tensors.keys.allSatisfy({ $0 == .alpha }) {
      passedOver["they multiply nothing", default: []] += parts.tensors.values.map(\.name)
      layers[layer] = nil
    }
    let origin = LoRAOrigin(file.header).map { "; the file looks made for \($0.rawValue)" } ?? ""
    if layers.isEmpty { throw Self.nothing(file, model: model, origin) }
    let complaints = [
      Self.complaint(
        homeless, "is for a layer that \(model) does not have",
        "are for layers that \(model) does not have"),
      Self.complaint(
        unknown, "is of no kind of LoRA that is known here", "are of no kind of LoRA that is known here"),
    ].compactMap { $0 }
    guard complaints.isEmpty else {
      throw LoRAError("\(file.name): \(complaints.joined(separator: "; "))\(origin)")
    }
    self.layers = layers.sorted { $0.key < $1.key }.map { (name: $0.key, parts: $0.value) }
    notes = passedOver.sorted { $0.key < $1.key }.map { reason, keys in
      "\(file.name): \(Self.list(keys)) not used: \(reason)"
    }
  }

  private static func complaint(_ keys: [String], _ one: String, _ several: String) -> String? {
    switch keys.count {
    case 0: nil
    case 1: "tensor \(keys[0]) \(one)"
    default: "tensors \(list(keys)) \(several)"
    }
  }

  /// Names as a message can hold them.
  private static func list(_ keys: [String]) -> String {
    let most = 50
    let named = keys.sorted().prefix(most).joined(separator: ", ")
    return keys.count > most ? "\(named) and \(keys.count - most) more" : named
  }

  /// What tensors of a LoRA file are known to be and need not be used; `nil` for all others.
  private static func reasonToPassOver(_ key: String) -> String? {
    // Source: kohya-ss/sd-scripts `train_network.py` bundles what is also to be had as files of their own.
    if key.hasPrefix("bundle_emb.") {
      return "they are textual inversions, which are asked for by files of their own"
    }
    let first = TextEncoderNames.first
    if [first.diffusers, first.kohya, first.comfyUI].contains(where: {
      key.hasPrefix($0 + "text_projection.")
    }
    ) {
      return "SDXL pools the second text encoder alone"
    }
    return nil
  }

  private static func nothing(_ file: SafetensorsFile, model: String, _ origin: String) -> LoRAError {
    let kind = FileKind(of: file.header)
    guard let first = file.header.names.first else { return LoRAError("\(file.name) is \(kind.phrase)") }
    if kind != .lora, kind != .unknown {
      return LoRAError("\(file.name) is \(kind.phrase), not a LoRA: its first tensor is \(first)")
    }
    return LoRAError("\(file.name) matches nothing in \(model): \(list(file.header.names))\(origin)")
  }
}
