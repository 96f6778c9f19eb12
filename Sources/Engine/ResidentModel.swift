import Generation
import Glibc
import StableDiffusion
import Torch

/// The one model on the device, and what is beside it: one decoder, a few ControlNets.
struct ResidentModel {
  let source: ModelSource
  let networks: StableDiffusionXL
  /// `registry`, `v_pred key`, `modelspec.prediction_type` or `default`.
  let predictionSource: String
  /// `registry`, `ztsnr key` or `default`.
  let zeroTerminalSNRSource: String
  /// What was read; `nil` when another file took the name meanwhile, so that it cannot be told.
  let file: FileVersion?
  /// What operators may want to know of the file, a line each.
  let notes: [String]
  var controlNets = ControlNets()
  private var decoder: Decoder?
  private var loras = LoRAShelf()
  var references = ReferenceNetworks()
  private var inversions = InversionCache()

  /// A decoder that was read, and from what.
  private struct Decoder {
    let source: VAESource
    let file: FileVersion?
    let vae: ExternalVAE
  }

  /// - Throws: `CheckpointError`, `TorchError`; what `loading` throws.
  init(
    _ source: ModelSource, vocabulary: Vocabulary, options: StableDiffusionXL.Options, loading: Loading
  ) throws {
    let file = FileVersion(path: source.path)
    let checkpoint = try Checkpoint(path: source.path)
    networks = try StableDiffusionXL(
      checkpoint, vocabulary: vocabulary, options: options,
      training: .init(
        prediction: source.prediction.map(PredictionType.init), zeroTerminalSNR: source.zeroTerminalSNR),
      progress: loading.file(source.id, total: checkpoint.byteCount))
    func origin(told: Bool, marked: String?) -> String { told ? "registry" : marked ?? "default" }
    predictionSource = origin(told: source.prediction != nil, marked: checkpoint.markedPrediction?.source)
    zeroTerminalSNRSource = origin(
      told: source.zeroTerminalSNR != nil, marked: checkpoint.markedZeroTerminalSNR?.source)
    notes =
      checkpoint.passedOver.isEmpty
      ? [] : ["\(source.id): not read of its file: \(checkpoint.passedOver.joined(separator: ", "))"]
    self.source = source
    self.file = file == FileVersion(path: source.path) ? file : nil
  }

  /// Whether this is the model `wanted`, and its file is still the one that was read.
  func serves(_ wanted: ModelSource) -> Bool {
    guard let file else { return false }
    return source == wanted && file == FileVersion(path: wanted.path)
  }

  /// Puts these LoRAs on the weights and takes all others off.
  /// - Throws: `GenerationError`, `TorchError`; what `loading` throws. No weight is half changed then.
  mutating func apply(_ wanted: [LoRASelection], _ loading: Loading) throws -> LoRAShelf.Account {
    try loras.apply(wanted, to: networks, loading)
  }

  /// The textual inversion in `source`, for this model.
  /// - Throws: `CheckpointError`, `TorchError`.
  mutating func inversion(_ source: AdapterFile) throws -> TextualInversion {
    try inversions.inversion(source, for: networks)
  }

  /// The decoder that `wanted` names, read unless it is the one that was read last; `nil` for the model's own.
  ///
  /// At most one is kept, until another is wanted: a request without one leaves it where it is.
  /// - Throws: `CheckpointError`, `TorchError`; what `loading` throws. The one that was kept is gone then.
  mutating func vae(_ wanted: VAESource?, _ loading: Loading) throws -> ExternalVAE? {
    guard let wanted else { return nil }
    let file = FileVersion(path: wanted.path)
    if let decoder, decoder.source == wanted, let kept = decoder.file, kept == file { return decoder.vae }
    if decoder != nil {
      decoder = nil
      try networks.options.device.emptyCache()
    }
    let vae = try ExternalVAE(
      path: wanted.path, options: networks.options, progress: loading.file(wanted.name, path: wanted.path))
    // Another file may have taken the name meanwhile: what cannot be told is read again.
    decoder = Decoder(source: wanted, file: file == FileVersion(path: wanted.path) ? file : nil, vae: vae)
    return vae
  }

  /// The file that a picture which is not finite comes of, and the tensor in it; `nil` where all that was read for
  /// the request is finite.
  func damage(behind request: GenerationRequest) throws(TorchError) -> GenerationError? {
    if let damage = try networks.damage() { return GenerationError(.nonfiniteOutput, damage.description) }
    if let decoder, decoder.source == request.vae, let damage = try decoder.vae.damage() {
      return GenerationError(.invalidRequest, damage.description, field: "vae")
    }
    for network in controlNets.kept(of: request.controls) {
      guard let damage = try network.damage() else { continue }
      return GenerationError(.invalidRequest, damage.description, field: "control")
    }
    return nil
  }
}

extension FileVersion {
  /// `nil` for a file that cannot be looked at.
  init?(path: String) {
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
