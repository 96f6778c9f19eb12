import Foundation
public import Generation
import StableDiffusion
import Synchronization
import Torch

/// The engine: one thread, one device, one resident model.
public actor TorchEngine: ImageEngine {
  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
  private let executor = TorchExecutor()
  private let plan: DevicePlan
  private let vocabularyFile: VocabularyFile
  private var vocabulary: Vocabulary?
  private var resident: ResidentModel?
  private var depth = DepthReading()
  private let snapshot: Mutex<EngineStatus>
  private let log: @Sendable (String) -> Void

  /// - Parameter log: takes lines for operators.
  public init(
    _ configuration: EngineConfiguration, log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(DeviceUnavailable) {
    self.log = log
    plan = try DevicePlan(configuration)
    vocabularyFile = configuration.vocabulary
    if let threads = configuration.threads { Runtime.threads = threads }
    snapshot = Mutex(
      EngineStatus(
        state: .ready, device: plan.device.description, deviceName: plan.deviceName,
        cudaAvailable: Device.cudaCount > 0, dtype: plan.dtype.rawValue, libtorch: Runtime.version,
        processID: getpid(), detail: vocabularyFile.lack))
  }

  public nonisolated var status: EngineStatus { snapshot.withLock { $0 } }

  /// Which device is used and why, in one line.
  public nonisolated var reason: String { plan.reason }

  public func load(
    _ model: ModelSource, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws {
    try translated {
      var timings = Timings()
      _ = try makeResident(model, &timings, Loading(log: log, report: progress))
    }
  }

  public func generate(
    _ request: GenerationRequest, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws -> GenerationResult {
    try translated {
      try Task.checkCancellation()
      do {
        return try run(request, progress)
      } catch let error as PictureError where error != .flatBlack {
        throw try resident?.damage(behind: request) ?? error
      }
    }
  }

  /// Loads `model` unless it is resident; the one that was goes first, since two may not fit.
  private func makeResident(
    _ model: ModelSource, _ timings: inout Timings, _ loading: Loading
  ) throws -> ResidentModel {
    if let resident, resident.serves(model) { return resident }
    let vocabulary = try readVocabulary()
    var stopwatch = Stopwatch()
    if resident != nil {
      resident = nil
      try plan.device.emptyCache()
    }
    note(model: nil)
    timings.swap = stopwatch.lap()
    do {
      let loaded = try ResidentModel(
        model, vocabulary: vocabulary, options: plan.options, loading: loading)
      try plan.device.synchronize()
      timings.load = stopwatch.lap()
      log("\(model.id): loaded in \((timings.load / 10).rounded() / 100) s")
      loaded.notes.forEach(log)
      resident = loaded
      note(model: model.id)
      return loaded
    } catch {
      // What went wrong first is what counts.
      try? plan.device.emptyCache()
      throw error
    }
  }

  private func readVocabulary() throws -> Vocabulary {
    if let vocabulary { return vocabulary }
    do {
      let made = try Vocabulary(path: vocabularyFile.path)
      vocabulary = made
      return made
    } catch {
      throw GenerationError(.engineUnavailable, error.description)
    }
  }

  private func note(model: String?) {
    let allocated = plan.device.allocatedBytes ?? 0
    let lack = vocabulary == nil ? vocabularyFile.lack : nil
    let ipAdapter = resident?.references.areLoaded ?? false
    snapshot.withLock {
      ($0.model, $0.allocatedBytes, $0.detail, $0.ipAdapterLoaded) = (model, allocated, lack, ipAdapter)
    }
  }

  private func run(
    _ request: GenerationRequest, _ progress: @escaping @Sendable (GenerationProgress) -> Void
  ) throws -> GenerationResult {
    var timings = Timings()
    let loading = Loading(log: log, report: progress)
    let model = try makeResident(request.model, &timings, loading)
    var request = request
    request.controls = try depth.prepared(request.controls, on: plan.device, loading)
    let networks = model.networks
    let passes = try Passes(request)
    var stopwatch = Stopwatch()
    let decoder = try decoder(request.vae, loading)
    let steering = Steering(
      loras: try apply(request.loras, loading), references: try references(request.reference, loading),
      controlNets: try controlNets(request.controls, loading))
    timings.load += stopwatch.lap()
    let texts = try Texts(request, networks, inversion: inversion)
    var denoising = Denoising(
      networks, vae: decoder, texts: texts, steering: steering, passes: passes, progress: progress)
    let latents = try denoising(request)
    (timings.text, timings.denoise) = (denoising.textTime, denoising.denoiseTime)

    stopwatch = Stopwatch()
    let decoded = try networks.decode(latents, with: decoder) { try Task.checkCancellation() }
    timings.decode = stopwatch.lap()
    note(model: request.model.id)
    var report = report(model, texts, timings)
    steering.tell(of: request, &report.steering)
    // Some of diffusers' classes know no schedule that ends without signal; neither do these samplers.
    if networks.zeroTerminalSNR, !passes.first.method.honoursZeroTerminalSNR {
      (report.zeroTerminalSNR, report.zeroTerminalSNRSource) = (false, "sampler")
    }
    report.steering.embeddings = texts.embeddings
    report.vaeDtype = decoded.dtype.rawValue
    report.steering.stepsMade = passes.first.stepsMade
    (report.vaeRetried, report.vaeTiled) = (decoded.wasRetried, decoded.wasBanded)
    return GenerationResult(image: decoded.image, report: report)
  }

  /// The decoder that a request names; `nil` for the model's own.
  private func decoder(_ source: VAESource?, _ loading: Loading) throws -> ExternalVAE? {
    guard let source else { return nil }
    do {
      guard let decoder = try resident?.vae(source, loading) else {
        throw GenerationError(.internalError, "The decoder \(source.name) was not read")
      }
      return decoder
    } catch let error as CheckpointError {
      throw GenerationError(.invalidRequest, error.description, field: "vae")
    }
  }

  /// Changes the resident model's weights as a request wants them.
  private func apply(_ loras: [LoRASelection], _ loading: Loading) throws -> LoRAShelf.Account {
    guard let account = try resident?.apply(loras, loading) else {
      throw GenerationError(.internalError, "There is no model to put LoRAs on")
    }
    return account
  }

  /// What a request's references are to its model; `nil` without any.
  private func references(_ prompt: ReferencePrompt?, _ loading: Loading) throws -> ReferenceReading? {
    guard let prompt else { return nil }
    // Whatever comes of it, `/health` tells what is there.
    defer { note(model: resident?.source.id) }
    guard let networks = resident?.networks else { return nil }
    return try resident?.references.read(prompt, for: networks, loading)
  }

  /// The networks of a request's controls, in their order.
  private func controlNets(_ controls: [ControlPrompt], _ loading: Loading) throws -> [ControlNet] {
    guard !controls.isEmpty, let networks = resident?.networks else { return [] }
    return try resident?.controlNets.networks(for: controls, beside: networks, loading) ?? []
  }

  private func inversion(_ source: AdapterFile) throws -> TextualInversion {
    guard let inversion = try resident?.inversion(source) else {
      throw GenerationError(.internalError, "The textual inversion \(source.name) was not read")
    }
    return inversion
  }

  private func report(_ model: ResidentModel, _ texts: Texts, _ timings: Timings) -> GenerationReport {
    var report = GenerationReport(
      prediction: Prediction(model.networks.prediction), predictionSource: model.predictionSource,
      zeroTerminalSNR: model.networks.zeroTerminalSNR, dtype: plan.dtype.rawValue,
      vaeDtype: plan.vaeDtype.rawValue, device: plan.device.description, promptTokens: texts.prompt.count,
      negativePromptTokens: texts.guidance?.negative?.count ?? 0, timings: timings, libtorch: Runtime.version)
    report.modelFile = model.file
    report.promptWindows = texts.prompt.windows
    report.negativePromptWindows = texts.guidance?.negative?.windows ?? 0
    report.zeroTerminalSNRSource = model.zeroTerminalSNRSource
    return report
  }
}
