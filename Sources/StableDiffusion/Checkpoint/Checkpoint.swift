import CheckpointKinds
import NN
import Safetensors

/// A single-file SDXL checkpoint, opened and recognised but not yet read.
public struct Checkpoint {
  let file: SafetensorsFile
  let names: SingleFileNames
  /// The weights under diffusers' names.
  let sources: [String: WeightSource]
  /// What the network was trained to answer, as far as the file says.
  public let markedPrediction: Mark<PredictionType>?
  /// Whether the last timestep carries no signal, as far as the file says.
  public let markedZeroTerminalSNR: Mark<Bool>?
  /// The tensors that are not read, with the reason, in a few words each.
  public let passedOver: [String]

  /// Something the file says of its training.
  public struct Mark<Value: Sendable & Equatable>: Sendable, Equatable {
    public let value: Value
    /// What says it: `v_pred key`, `ztsnr key` or `modelspec.prediction_type`.
    public let source: String
  }

  /// - Throws: `CheckpointError` for a file that is not sound, or not SDXL's.
  public init(path: String) throws {
    self = try CheckpointError.wrapping { try Checkpoint(recognising: SafetensorsFile(path: path)) }
  }

  private init(recognising file: SafetensorsFile) throws {
    try file.requireSDXL()
    self.file = file
    let tensors = file.header.tensors
    let names = SingleFileNames(keys: tensors.keys)
    var sources: [String: WeightSource] = [:]
    for key in file.header.names where !Self.passesOver(key) {
      guard let info = tensors[key] else { continue }
      let targets = names.targets(key)
      // Names that lead to one place: all but the first are strangers.
      guard !targets.isEmpty, targets.allSatisfy({ sources[$0.name] == nil }) else {
        throw WeightError(file: file.name, tensor: key, problem: .unexpected)
      }
      for target in targets { sources[target.name] = WeightSource(info, target.operation) }
    }
    (self.names, self.sources) = (names, sources)
    markedPrediction = TrainingMarks.vPredictionSource(file.header).map {
      Mark(value: .vPrediction, source: $0)
    }
    markedZeroTerminalSNR = TrainingMarks.zeroTerminalSNRSource(file.header).map {
      Mark(value: true, source: $0)
    }
    passedOver = PassedOver.summary(of: tensors.keys)
  }

  /// Whether a tensor is no weight: a mark, or what no picture needs.
  static func passesOver(_ key: String) -> Bool { TrainingMarks.tensors.contains(key) || PassedOver.has(key) }

  /// Bytes of all that is read, for progress.
  public var byteCount: Int { sources.values.reduce(0) { $0 + $1.partBytes } }
}

/// What a network was trained to answer.
public enum PredictionType: Sendable, Equatable {
  /// The noise: `epsilon`.
  case epsilon
  /// The velocity, `α · noise − σ · picture`: `v_prediction`.
  case vPrediction
}
