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
      _ = try makeResident(model, &timings, progress)
    }
  }

  public func generate(
    _ request: GenerationRequest, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws -> GenerationResult {
    try translated {
      try Task.checkCancellation()
      return try run(request, progress)
    }
  }

  /// Loads `model` unless it is resident; the one that was goes first, since two may not fit.
  private func makeResident(
    _ model: ModelSource, _ timings: inout Timings, _ progress: @Sendable (GenerationProgress) -> Void
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
      let loaded = try withoutActuallyEscaping(progress) { progress in
        var reported = LoadingReport(model: model.id, log: log)
        return try ResidentModel(model, vocabulary: vocabulary, options: plan.options) { bytes, total in
          try Task.checkCancellation()
          if reported.isNews(bytes, of: total) {
            progress(.loading(model: model.id, bytes: bytes, total: total))
          }
        }
      }
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
    snapshot.withLock { ($0.model, $0.allocatedBytes, $0.detail) = (model, allocated, lack) }
  }

  private func run(
    _ request: GenerationRequest, _ progress: @Sendable (GenerationProgress) -> Void
  ) throws -> GenerationResult {
    var timings = Timings()
    let model = try makeResident(request.model, &timings, progress)
    let networks = model.networks
    let sampling = try SamplingPlan(request.scheduler, steps: request.steps)
    var stopwatch = Stopwatch()
    let decoder = try decoder(request.vae)
    timings.load += stopwatch.lap()
    let texts = try Texts(request, networks)
    let loras = try apply(request.loras)
    timings.load += stopwatch.lap()
    let conditioning = try texts.condition(request, networks) { try Task.checkCancellation() }
    timings.text = stopwatch.lap()

    var run = try DenoisingRun(networks, conditioning, sampling, seed: request.seed)
    var more = true
    while more {
      try Task.checkCancellation()
      let before = run.stepsDone
      more = try run.advance()
      guard run.stepsDone > before else { continue }
      progress(.step(run.stepsDone, of: run.steps))
      if request.wantsPreview(after: run.stepsDone), let seen = run.denoised,
        // A preview is worth no failure.
        let image = try? networks.preview(seen, with: decoder)
      {
        progress(.preview(image))
      }
    }
    try plan.device.synchronize()
    timings.denoise = stopwatch.lap()

    let decoded = try networks.decode(run.latents, with: decoder) { try Task.checkCancellation() }
    timings.decode = stopwatch.lap()
    note(model: request.model.id)
    var report = report(model, texts, timings)
    report.steering.loras = loras.reports
    report.steering.warnings += loras.warnings
    // Some of diffusers' classes know no schedule that ends without signal; neither do these samplers.
    if networks.zeroTerminalSNR, !sampling.method.honoursZeroTerminalSNR {
      (report.zeroTerminalSNR, report.zeroTerminalSNRSource) = (false, "sampler")
    }
    report.vaeDtype = decoded.dtype.rawValue
    (report.vaeRetried, report.vaeTiled) = (decoded.wasRetried, decoded.wasBanded)
    return GenerationResult(image: decoded.image, report: report)
  }

  /// The decoder that a request names; `nil` for the model's own.
  private func decoder(_ source: VAESource?) throws -> ExternalVAE? {
    guard let source else { return nil }
    guard let decoder = try resident?.vae(source, progress: { _ in try Task.checkCancellation() }) else {
      throw GenerationError(.internalError, "The decoder \(source.name) was not read")
    }
    return decoder
  }

  /// Changes the resident model's weights as a request wants them.
  private func apply(_ loras: [LoRASelection]) throws -> LoRAShelf.Account {
    guard let account = try resident?.apply(loras, pause: { try Task.checkCancellation() }) else {
      throw GenerationError(.internalError, "There is no model to put LoRAs on")
    }
    return account
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

/// Which of a loading's many small steps are worth telling.
private struct LoadingReport {
  let model: String
  let log: @Sendable (String) -> Void
  private var percent = -1
  private var quarter = 0

  init(model: String, log: @escaping @Sendable (String) -> Void) { (self.model, self.log) = (model, log) }

  /// Once a percent; the log has a line a quarter, for files that take a while.
  mutating func isNews(_ bytes: Int, of total: Int) -> Bool {
    let now = 100 * bytes / max(total, 1)
    guard now > percent else { return false }
    percent = now
    if now / 25 > quarter, now < 100, total > 1 << 30 {
      quarter = now / 25
      log("\(model): \(now)% of \(total / 1_000_000) MB read")
    }
    return true
  }
}

/// Milliseconds between laps.
private struct Stopwatch {
  private var last = ContinuousClock.now

  mutating func lap() -> Double {
    let now = ContinuousClock.now
    defer { last = now }
    return (now - last) / .milliseconds(1)
  }
}
