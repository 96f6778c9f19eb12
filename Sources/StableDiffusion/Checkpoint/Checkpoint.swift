import NN
import Safetensors

/// A single-file SDXL checkpoint, opened and recognised but not yet read.
public struct Checkpoint {
  let file: SafetensorsFile
  /// The weights under diffusers' names.
  let sources: [String: WeightSource]
  /// What the network was trained to answer, as far as the file says.
  public let markedPrediction: PredictionType?
  /// Whether the file says that its last timestep carries no signal.
  public let zeroTerminalSNR: Bool

  /// - Throws: `CheckpointError` for a file that is not sound, or not SDXL's.
  public init(path: String) throws {
    self = try CheckpointError.wrapping { try Checkpoint(recognising: SafetensorsFile(path: path)) }
  }

  private init(recognising file: SafetensorsFile) throws {
    self.file = file
    let tensors = file.header.tensors
    try Self.checkComponents(file)
    let names = SingleFileNames(keys: tensors.keys)
    var sources: [String: WeightSource] = [:]
    for key in file.header.names where !SingleFileNames.isIgnored(key) {
      guard let info = tensors[key] else { continue }
      let targets = names.targets(key)
      // Names that lead to one place: all but the first are strangers.
      guard !targets.isEmpty, targets.allSatisfy({ sources[$0.name] == nil }) else {
        throw WeightError(file: file.name, tensor: key, problem: .unexpected)
      }
      for target in targets { sources[target.name] = WeightSource(info, target.operation) }
    }
    self.sources = sources
    markedPrediction = tensors[CheckpointMarker.vPrediction] == nil ? nil : .vPrediction
    zeroTerminalSNR = tensors[CheckpointMarker.zeroTerminalSNR] != nil
  }

  /// Bytes of all weights, for progress.
  public var byteCount: Int { file.header.tensors.values.reduce(0) { $0 + $1.byteCount } }

  /// A tensor that each component of SDXL has: what tells a wrong kind of file before anything else.
  private static func checkComponents(_ file: SafetensorsFile) throws {
    let landmarks = [
      SingleFileNames.unet + "input_blocks.0.0.weight",
      SingleFileNames.unet + "label_emb.0.0.weight",
      SingleFileNames.textEncoder + "text_model.embeddings.token_embedding.weight",
      SingleFileNames.textEncoder2 + "token_embedding.weight",
      SingleFileNames.vae + "decoder.conv_in.weight",
    ]
    for landmark in landmarks where file.header.tensors[landmark] == nil {
      throw WeightError(file: file.name, tensor: landmark, problem: .missing)
    }
  }
}

/// What a network was trained to answer.
public enum PredictionType: Sendable, Equatable {
  /// The noise: `epsilon`.
  case epsilon
  /// The velocity, `α · noise − σ · picture`: `v_prediction`.
  case vPrediction
}
