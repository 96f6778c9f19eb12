import API
import ArgumentParser
import Foundation
import Generation
import Logging
import Registry
import Scheduling
import Telemetry
import Wire

struct GenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Makes one picture and writes it as a PNG.")

  @Option(name: .shortAndLong, help: "What to show.") var prompt: String?
  @Option(help: "What not to show. (default: the model's)") var negativePrompt: String?
  @Option(name: .shortAndLong, help: "A model's id. (default: the first that is there)") var model: String?
  @Option(name: .shortAndLong, help: "The file to write. (default: out.png)") var output: String?
  @Option(help: "0 to 2^63 - 1. (default: drawn)") var seed: UInt64?
  @Option(help: "Denoising steps. (default: the model's)") var steps: Int?
  @Option(help: "Guidance. (default: the model's)") var cfg: Double?
  @Option(help: "WIDTHxHEIGHT in pixels. (default: the model's)") var size: String?
  @OptionGroup var steering: SteeringOptions
  @OptionGroup var fine: FineOptions
  @OptionGroup var engine: EngineOptions

  func run() async throws {
    let lines = LineLog(descriptor: STDERR_FILENO, format: .text)
    let logger = Log.start(.error, lines)
    let output = try Setting.value(output, "output", default: "out.png")
    try checkWritable(output)
    let order = try makeOrder()
    let folder = ModelsFolder(try engine.modelsFolder(), logger: logger)
    let remote = try engine.start(logger, lines)
    defer {
      remote.stop()
      lines.flush()
    }
    let watched = WatchedEngine(engine: remote)
    var configuration = APIConfiguration(version: Darkroom.version)
    configuration.modelHash = { await folder.hash(of: $0, $1) }
    let service = APIService(
      engine: watched, queue: JobQueue(limit: 1), registry: { folder.registry },
      folders: AdapterFolders(models: folder.path),
      workers: WorkPool(threads: 1, limit: 4, name: "images"),
      configuration: configuration)
    do {
      let picture = try await service.picture(order)
      watched.display.clear()
      try Data(picture.png).write(to: URL(fileURLWithPath: output), options: .atomic)
      print("\(output): \(picture.model), seed \(picture.seed)")
    } catch {
      watched.display.clear()
      try? FileHandle.standardError.write(contentsOf: Data("darkroom: \(Self.explain(error, output))\n".utf8))
      throw (error as? PictureRefused)?.isInvalidRequest == true
        ? ExitCode.validationFailure : ExitCode.failure
    }
  }

  /// Before minutes of work, not after: the file must be new or an ordinary one, in a folder that is there.
  private func checkWritable(_ output: String) throws {
    var info = stat()
    if output.isEmpty || stat(output, &info) == 0 && info.st_mode & S_IFMT != S_IFREG {
      throw ValidationError("--output '\(output)' is not a file that can be written.")
    }
    let parent = URL(fileURLWithPath: output).deletingLastPathComponent().path
    guard access(parent, W_OK) == 0 else {
      throw ValidationError("--output '\(output)': the folder \(parent) cannot be written to.")
    }
  }

  private static func explain(_ error: any Error, _ output: String) -> String {
    error is PictureRefused ? "\(error)" : "cannot write \(output): \(error.localizedDescription)"
  }

  private func makeOrder() throws -> PictureOrder {
    guard let prompt = try Setting.optional(prompt, "prompt") else {
      throw ValidationError("Missing expected argument '--prompt <prompt>'")
    }
    var order = PictureOrder(prompt: prompt)
    order.negativePrompt = try Setting.optional(negativePrompt, "negative-prompt")
    order.model = try Setting.optional(model, "model")
    order.seed = try Setting.optional(seed, "seed")
    order.steps = try Setting.optional(steps, "steps")
    order.cfgScale = try Setting.optional(cfg, "cfg")
    if let cfg = order.cfgScale, !cfg.isFinite { throw ValidationError("--cfg is a number from 0 to 30.") }
    try steering.fill(&order)
    try fine.fill(&order)
    if let size = try Setting.optional(size, "size") {
      let sides = size.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
      guard sides.count == 2, let width = sides[0], let height = sides[1] else {
        throw ValidationError("--size is WIDTHxHEIGHT, such as 1024x1024, not \(size).")
      }
      (order.width, order.height) = (width, height)
    }
    return order
  }
}

/// An engine whose progress is shown on the terminal.
private struct WatchedEngine: ImageEngine {
  let engine: RemoteEngine
  let display = ProgressLine()

  func generate(
    _ request: GenerationRequest, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws -> GenerationResult {
    try await engine.generate(request) { [display] step in
      display.show(step)
      progress(step)
    }
  }

  func load(
    _ model: ModelSource, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws {
    try await engine.load(model, progress: progress)
  }

  var status: EngineStatus { engine.status }
}
