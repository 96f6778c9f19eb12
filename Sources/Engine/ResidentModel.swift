import Generation
import Glibc
import StableDiffusion
import Torch

/// The one model on the device.
struct ResidentModel {
  let source: ModelSource
  let networks: StableDiffusionXL
  let predictionSource: String
  /// What was read; `nil` when another file took the name meanwhile, so that it cannot be told.
  let file: FileVersion?

  /// - Parameter progress: called with bytes read and bytes in all; what it throws ends the loading.
  init(
    _ source: ModelSource, vocabulary: Vocabulary, options: StableDiffusionXL.Options,
    progress: @escaping (Int, Int) throws -> Void
  ) throws {
    let file = FileVersion(path: source.path)
    let checkpoint = try Checkpoint(path: source.path)
    let total = checkpoint.byteCount
    var done = 0
    networks = try StableDiffusionXL(
      checkpoint, vocabulary: vocabulary, options: options,
      prediction: source.prediction.map(PredictionType.init)
    ) { bytes in
      done += bytes
      try progress(done, total)
    }
    predictionSource =
      source.prediction != nil ? "registry" : checkpoint.markedPrediction != nil ? "v_pred key" : "default"
    self.source = source
    self.file = file == FileVersion(path: source.path) ? file : nil
  }

  /// Whether this is the model `wanted`, and its file is still the one that was read.
  func serves(_ wanted: ModelSource) -> Bool {
    guard let file else { return false }
    return source == wanted && file == FileVersion(path: wanted.path)
  }
}

extension FileVersion {
  /// `nil` for a file that cannot be looked at.
  fileprivate init?(path: String) {
    var info = stat()
    guard stat(path, &info) == 0 else { return nil }
    let (seconds, overflow) = Int64(info.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    self.init(
      device: UInt64(info.st_dev), inode: UInt64(info.st_ino), size: Int64(info.st_size),
      modified: overflow ? 0 : seconds &+ Int64(info.st_mtim.tv_nsec))
  }
}

extension PredictionType {
  init(_ prediction: Prediction) {
    switch prediction {
    case .epsilon: self = .epsilon
    case .vPrediction: self = .vPrediction
    }
  }
}

extension Prediction {
  init(_ prediction: PredictionType) {
    switch prediction {
    case .epsilon: self = .epsilon
    case .vPrediction: self = .vPrediction
    }
  }
}
