import CheckpointKinds
import Safetensors

/// What the header of a checkpoint tells; the weights themselves are not read.
public struct ModelContents: Sendable, Equatable {
  /// How many tensors have a number format.
  public struct Format: Sendable, Equatable {
    /// In the file's spelling: `F16`, `BF16`, `F32`, `F8_E4M3`, …
    public let name: String
    public let tensors: Int
  }

  /// Bytes of the whole file.
  public let bytes: Int
  public let tensors: Int
  /// The most frequent first, then by name.
  public let formats: [Format]
  /// What in the file says v-prediction.
  public let vPredictionSource: String?
  /// What in the file says that the last timestep carries no signal.
  public let zeroTerminalSNRSource: String?
}

extension ModelEntry {
  /// Reads the header of the model's file, which checks it against the file's length, and tells from the names of
  /// the tensors that it is an SDXL checkpoint.
  /// - Throws: `SafetensorsError` or `ForeignFile`, naming the file and what is wrong with it.
  public func contents() throws -> ModelContents {
    let file = try SafetensorsFile(path: path)
    try file.requireSDXL()
    let tensors = file.header.tensors
    let counts = Dictionary(grouping: tensors.values, by: \.dtype.rawValue).mapValues(\.count)
    return ModelContents(
      bytes: file.byteCount, tensors: tensors.count,
      formats: counts.map { .init(name: $0.key, tensors: $0.value) }
        .sorted { ($1.tensors, $0.name) < ($0.tensors, $1.name) },
      vPredictionSource: TrainingMarks.vPredictionSource(file.header),
      zeroTerminalSNRSource: TrainingMarks.zeroTerminalSNRSource(file.header))
  }
}
