import CheckpointKinds
import NN
import Safetensors

/// A ControlNet that is told as low-rank changes to the model's own UNet.
///
/// Its names are the single-file ones: `….up` and `….down` are added to the UNet's weight, `….weight` and `….bias`
/// take its place, and what it does not name is the UNet's. The model's LoRAs are not in it.
/// Source: Stability AI's Control-LoRAs; diffusers `utils/state_dict_utils.py`,
/// convert_sai_sd_control_lora_state_dict_to_peft, and `ControlNetModel.from_unet`.
struct ControlLoRA {
  private let file: SafetensorsFile
  private let sources: [String: WeightSource]
  private let changes: [String: LowRankChange]

  /// An empty tensor that says what the file is.
  private static let mark = "lora_controlnet"
  /// Of diffusers' names, what a ControlNet has of a UNet.
  private static let encoder = [
    "conv_in.", "time_embedding.", "add_embedding.", "down_blocks.", "mid_block.",
  ]
  private static let names = SingleFileNames(keys: [])

  /// `nil` for a file that is none.
  /// - Throws: `WeightError` for a tensor that has no place, or one of a pair without the other.
  init?(_ file: SafetensorsFile) throws(WeightError) {
    guard FileKind(of: file.header) == .controlLoRA else { return nil }
    var sources: [String: WeightSource] = [:]
    for key in file.header.names where key != Self.mark {
      guard let info = file.header.tensors[key] else { continue }
      guard let name = Self.name(key), sources[name] == nil else {
        throw WeightError(file: file.name, tensor: key, problem: .unexpected)
      }
      sources[name] = WeightSource(info)
    }
    var changes: [String: LowRankChange] = [:]
    for (name, up) in sources {
      guard let module = name.cutting(".up") else { continue }
      guard let down = sources.removeValue(forKey: module + ".down") else {
        throw WeightError(
          file: file.name, tensor: String(up.info.name.dropLast(2)) + "down", problem: .missing)
      }
      sources[name] = nil
      changes[module + ".weight"] = LowRankChange(up: up, down: down)
    }
    (self.file, self.sources, self.changes) = (file, sources, changes)
  }

  /// The weights of a ControlNet beside `model`.
  func store(
    over model: StableDiffusionXL, progress: @escaping (Int) throws -> Void
  ) throws -> WeightStore {
    let checkpoint = model.checkpoint
    let unet = checkpoint.sources.compactMap { name, source in
      name.dropping("unet.").map { ($0, source) }
    }.filter { name, _ in Self.encoder.contains { name.hasPrefix($0) } }
    let base = WeightStore(
      checkpoint.file, sources: Dictionary(uniqueKeysWithValues: unet), device: model.options.device
    ) { _ in
      // These are bytes of another file.
      try progress(0)
    }
    return WeightStore(
      file, sources: sources, foundation: WeightFoundation(base, changes: changes), fileName: Self.key,
      device: model.options.device, progress: progress)
  }

  private static let ends = NamePairs([
    "middle_block_out.0": "controlnet_mid_block", "input_hint_block.0": "controlnet_cond_embedding.conv_in",
    "input_hint_block.14": "controlnet_cond_embedding.conv_out",
  ])

  /// diffusers' name of a tensor; `nil` for a stranger.
  private static func name(_ key: String) -> String? {
    let parts = key.components
    guard parts.count >= 3, let leaf = parts.last else { return nil }
    if let module = ends.names[parts[..<2].joined(separator: ".")], parts.count == 3 {
      return "\(module).\(leaf)"
    }
    switch (parts[0], parts[1].index) {
    case ("zero_convs", let index?) where parts.count == 4 && parts[2] == "0":
      return "controlnet_down_blocks.\(index).\(leaf)"
    // Between two convolutions is a SiLU.
    case ("input_hint_block", let index?) where parts.count == 3 && index.isMultiple(of: 2):
      return "controlnet_cond_embedding.blocks.\(index / 2 - 1).\(leaf)"
    default:
      guard let name = names.unetName(parts), encoder.contains(where: { name.hasPrefix($0) }) else {
        return nil
      }
      return name
    }
  }

  /// The file's name of a tensor, for what it lacks.
  private static func key(_ name: String) -> String? {
    let parts = name.components
    guard let leaf = parts.last else { return nil }
    if let module = ends.keys[parts.dropLast().joined(separator: ".")] { return "\(module).\(leaf)" }
    if parts.count == 3, parts[0] == "controlnet_down_blocks" { return "zero_convs.\(parts[1]).0.\(leaf)" }
    if parts.count == 4, parts[1] == "blocks", let index = parts[2].index {
      return "input_hint_block.\(2 * index + 2).\(leaf)"
    }
    return names.unetKey(parts)
  }
}

extension String {
  /// What comes before `suffix`; `nil` when the string does not end with it.
  fileprivate func cutting(_ suffix: String) -> String? {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
  }
}
