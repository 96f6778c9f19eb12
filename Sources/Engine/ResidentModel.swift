import Generation
import Glibc
import StableDiffusion
import Torch

/// The one model on the device.
struct ResidentModel {
  let source: ModelSource
  let networks: StableDiffusionXL
  let predictionSource: String
  private let identity: FileIdentity

  /// - Parameter progress: called with bytes read and bytes in all; what it throws ends the loading.
  init(
    _ source: ModelSource, vocabulary: Vocabulary, options: StableDiffusionXL.Options,
    progress: @escaping (Int, Int) throws -> Void
  ) throws {
    let identity = FileIdentity(path: source.path)
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
    self.identity = identity
  }

  /// Whether this is the model `wanted`, and its file is still the one that was read.
  func serves(_ wanted: ModelSource) -> Bool {
    source == wanted && identity == FileIdentity(path: wanted.path)
  }
}

/// What tells one version of a file from the next.
private struct FileIdentity: Equatable {
  var device: UInt = 0, inode: UInt = 0, size = 0, seconds = 0, nanoseconds = 0

  /// All zeros for a file that cannot be looked at.
  init(path: String) {
    var info = stat()
    guard stat(path, &info) == 0 else { return }
    (device, inode, size) = (info.st_dev, info.st_ino, info.st_size)
    (seconds, nanoseconds) = (info.st_mtim.tv_sec, info.st_mtim.tv_nsec)
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
