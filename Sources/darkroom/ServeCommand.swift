import API
import ArgumentParser
import Foundation
import Generation
import Logging
import Registry
import Scheduling
import Sockets
import Telemetry
import Wire

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Answers requests over HTTP until it is told to stop.")

  @Option(help: "The address to listen on. (default: 127.0.0.1)") var host: String?
  @Option(help: "The port to listen on; 0 picks a free one. (default: 8000)") var port: UInt16?
  @OptionGroup var engine: EngineOptions
  @Option(help: "A model to load at start.") var model: String?
  @Option(help: "Requests that may run and wait together. (default: 16)") var maxInflight: Int?
  @Option(help: "A name clients may reach this server by; may be repeated.") var allowHost: [String] = []
  @Option(help: "Seconds to finish what runs when told to stop. (default: 30)") var drainSeconds: Int?
  @Option(help: "trace, debug, info, notice, warning or error. (default: info)") var logLevel: String?
  @Flag(help: "Listen on a public address although anyone who reaches it may use it.") var insecure = false

  func run() async throws {
    let logger = try Log.start(level: Setting.value(logLevel, "log-level", default: "info"))
    let host = try Setting.value(host, "host", default: "127.0.0.1")
    try checkExposure(host)
    let inflight = try Setting.value(maxInflight, "max-inflight", default: 16)
    guard inflight >= 1 else { throw ValidationError("--max-inflight is at least 1.") }
    let drain = try Setting.value(drainSeconds, "drain-seconds", default: 30)
    guard (0...86_400).contains(drain) else { throw ValidationError("--drain-seconds is from 0 to 86400.") }

    let folder = ModelsFolder(try engine.modelsFolder(), logger: logger)
    let first = try modelAtStart(folder)
    let remote = try engine.start(logger)
    defer { remote.stop() }
    let queue = JobQueue(limit: inflight)
    var configuration = APIConfiguration(version: Darkroom.version)
    configuration.allowedHosts = Setting.list(allowHost, "allow-host")
    configuration.defaultModel = first?.id
    configuration.modelHash = { await folder.hash(of: $0, $1) }
    configuration.report = { logger.error("a request failed", metadata: ["error": "\($0)"]) }
    let accessLog = AccessLog(logger)
    configuration.accessLog = accessLog
    let service = APIService(
      engine: remote, queue: queue, registry: { folder.registry }, lorasFolder: "\(folder.path)/loras",
      vaesFolder: "\(folder.path)/vae",
      workers: WorkPool(threads: 2, limit: 256, name: "images"),
      configuration: configuration)
    let server = try HTTPServer(
      configuration: ServerConfiguration(
        host: host, port: Int(try Setting.value(port, "port", default: 8000))),
      handler: service, logger: logger)

    let stop = StopSignal()
    folder.watch()
    server.start()
    let authority = "\(host.contains(":") ? "[\(host)]" : host):\(server.port)"
    try? FileHandle.standardOutput.write(contentsOf: Data("listening on http://\(authority)\n".utf8))
    if let first { load(first, remote, queue, logger) }
    await stop.wait()
    logger.notice("stopping", metadata: ["drain-seconds": "\(drain)"])
    await server.stop(drain: .seconds(drain))
    await accessLog.finish()
  }

  /// Without tokens, a public address lets anyone in.
  private func checkExposure(_ host: String) throws {
    let isLoopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
    if isLoopback { return }
    if try Setting.isOn(insecure, "insecure") { return }
    throw ValidationError(
      "\(host) may be reached from other machines, and anyone who reaches it may use it. "
        + "Listen on 127.0.0.1 and use ssh -L, or say --insecure.")
  }

  private func modelAtStart(_ folder: ModelsFolder) throws -> ModelEntry? {
    guard let id = try Setting.optional(model, "model") else { return nil }
    guard let entry = folder.registry.find(id) else {
      throw ValidationError("Unknown model: \(id). See: darkroom models list")
    }
    return entry
  }

  private func load(_ entry: ModelEntry, _ remote: RemoteEngine, _ queue: JobQueue, _ logger: Logger) {
    let source = ModelSource(entry)
    Task {
      do {
        try await queue.submit(steps: 1) { _ in try await remote.load(source) { _ in } }
        logger.notice("loaded", metadata: ["model": "\(entry.id)"])
      } catch {
        logger.error("not loaded", metadata: ["model": "\(entry.id)", "error": "\(error)"])
      }
    }
  }
}
