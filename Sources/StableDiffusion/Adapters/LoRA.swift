import CheckpointKinds
import NN
import Safetensors
import Torch

/// A file of changes to a model's weights, read and matched to the model's layers: a LoRA, LoHa, LoKr, DoRA, or whole
/// differences.
///
/// Not Sendable: it holds tensors, on the thread that owns them.
public final class LoRA {
  /// The file's base name.
  public let file: String
  /// Bytes that it keeps in memory.
  public let byteCount: Int
  /// What of the file is not used though it is sound, a sentence each.
  public let notes: [String]
  let layers: [Layer]

  struct Layer {
    /// diffusers'.
    let name: String
    let changes: [LoRAChange]
  }

  /// Reads every tensor.
  /// - Parameters:
  ///   - path: a safetensors file under kohya's, LyCORIS', PEFT's or diffusers' names.
  ///   - model: whose layers are changed.
  ///   - progress: called with the bytes just read; what it throws ends the reading.
  /// - Throws: `LoRAError` for a file that is not sound or not for this model, `TorchError`.
  public init(
    path: String, for model: StableDiffusionXL, progress: (Int) throws -> Void = { _ in }
  ) throws {
    let content = try LoRAError.wrapping { () throws -> LoRAContent in
      let file = try SafetensorsFile(path: path)
      return try LoRAContent(file, for: model, progress: progress)
    }
    (file, byteCount, notes) = (content.file, content.byteCount, content.notes)
    layers = content.layers
  }

  /// Layers that it changes, by network.
  public var layerCounts: (unet: Int, textEncoder: Int, textEncoder2: Int) {
    func count(_ network: String) -> Int { layers.count { $0.name.hasPrefix(network) } }
    return (count("unet."), count("text_encoder."), count("text_encoder_2."))
  }
}

/// What is read of a file.
private struct LoRAContent {
  let file: String
  let byteCount: Int
  let notes: [String]
  let layers: [LoRA.Layer]

  init(_ file: SafetensorsFile, for model: StableDiffusionXL, progress: (Int) throws -> Void) throws {
    let weights = model.networks.parameters
    let matching = try LoRAMatching(
      file, LoRANames(weights, model.checkpoint.names), model: model.checkpoint.file.name)
    let plans = try matching.layers.map { try LoRALayer($0.name, $0.parts, weights) }
    let noted = try PEFTSettings(file)
    let infos = plans.flatMap(\.tensors)
    let tensors = try TensorReader(file, device: model.options.device).read(infos, progress: progress)
    layers = try plans.map { plan in
      let changes = try plan.changes { info in
        guard let tensor = tensors[info.name] else {
          throw LoRAError(file: file.name, tensor: info.name, "was not read")
        }
        return tensor
      } factor: { alpha, rank in
        if let alpha { return try LoRAAlpha.read(alpha, file) / Double(rank) }
        return noted.factor(layer: plan.name, rank: rank) ?? 1
      }
      return LoRA.Layer(name: plan.name, changes: changes)
    }
    self.file = file.name
    byteCount = infos.reduce(0) { $0 + $1.byteCount }
    notes = matching.notes
  }
}
