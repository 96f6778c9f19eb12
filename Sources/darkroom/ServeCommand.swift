import API
import Access
import ArgumentParser
import Dispatch
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

  @Option(help: "A TOML file of these options, by their names; the environment and flags go before it.")
  var config: String?
  @OptionGroup var network: NetworkOptions
  @OptionGroup var access: AccessOptions
  @OptionGroup var engine: EngineOptions
  @OptionGroup var jobs: JobOptions
  @OptionGroup var log: LogOptions

  private struct Values {
    let network: NetworkOptions.Values
    let access: AccessOptions.Values
    let jobs: JobOptions.Values
    let log: LogOptions.Values
  }

  func run() async throws {
    let file = try Setting.optional(config, "config").map { try ConfigurationFile(path: $0) }
    let manager = try Self.manager()
    let values = Values(
      network: try network.values(file), access: try access.values(file), jobs: try jobs.values(file),
      log: try log.values(file))
    try checkExposure(values, manager)
    let lines = LineLog(descriptor: STDERR_FILENO, format: values.log.format)
    let logger = Log.start(values.log.level, lines)

    let folder = ModelsFolder(try engine.modelsFolder(file), logger: logger)
    let first = try modelAtStart(values.jobs, folder)
    let remote = try engine.start(logger, lines, file)
    defer { remote.stop() }
    try file?.refuseUnknownKeys()

    let parts = ServingParts(folder: folder, engine: remote, lines: lines, logger: logger)
    let folders = AdapterFolders(models: folder.path)
    let ready = ReadyingEngine(engine: remote) { model in
      folder.registry.find(model.id).flatMap { ReferenceFiles(in: folders, for: $0) }
    }
    let observed = ObservedEngine(engine: ready, metrics: parts.metrics, logger: logger)
    let queue = JobQueue(limit: values.jobs.maxInflight)
    let service = APIService(
      engine: observed, queue: queue, registry: { folder.registry },
      folders: folders,
      workers: WorkPool(threads: 2, limit: 256, name: "images"),
      configuration: configuration(values, first, parts))
    let server = try listen(values.network, manager, service, logger)
    parts.serve(server)

    let signals = ProcessSignals()
    folder.watch()
    server.start()
    let authority = "\(server.host.contains(":") ? "[\(server.host)]" : server.host):\(server.port)"
    try? FileHandle.standardOutput.write(contentsOf: Data("listening on http://\(authority)\n".utf8))
    manager.tell(.ready)
    if let first { load(first, observed, queue, logger) }
    // A queue of its own, one after another: a disk that hangs holds up no order to stop.
    let reloads = DispatchQueue(label: "reload")
    for await order in signals.orders {
      if order == .stop { break }
      reloads.async { Self.reload(values.access.tokens, parts, manager) }
    }
    parts.drain()
    manager.tell(.stopping)
    logger.notice("stopping", metadata: ["drain-seconds": "\(values.jobs.drainSeconds)"])
    await stop(server, service, within: .seconds(values.jobs.drainSeconds))
    lines.flush()
  }

  /// Lets what is under way finish; a second before the time is up, jobs are cancelled, so that whoever waits for
  /// one is told.
  private func stop(_ server: HTTPServer, _ service: APIService, within drain: Duration) async {
    let cancelling = Task {
      try? await Task.sleep(for: max(.zero, drain - .seconds(1)))
      service.cancelJobs()
    }
    await server.stop(drain: drain)
    cancelling.cancel()
    service.cancelJobs()
  }

  private func configuration(
    _ values: Values, _ first: ModelEntry?, _ parts: ServingParts
  ) -> APIConfiguration {
    var configuration = parts.configuration
    configuration.allowedHosts = values.network.allowedHosts
    configuration.allowedOrigins = values.network.allowedOrigins
    configuration.defaultModel = first?.id
    configuration.maxPixels = values.jobs.maxPixels
    configuration.tokens = { [tokens = values.access.tokens] in tokens.table }
    configuration.rateLimiter = values.access.rateLimiter
    configuration.accessLog = values.log.logsRequests ? AccessLog(parts.lines) : nil
    return configuration
  }

  private func listen(
    _ network: NetworkOptions.Values, _ manager: ServiceManager, _ service: APIService, _ logger: Logger
  ) throws -> HTTPServer {
    var configuration = ServerConfiguration(host: network.host, port: network.port)
    (configuration.maxConnections, configuration.inherited) = (network.maxConnections, manager.socket)
    // As many again for everything that is no connection.
    FileLimits.raise(to: 2 * network.maxConnections)
    return try HTTPServer(configuration: configuration, handler: service, logger: logger)
  }

  private static func manager() throws -> ServiceManager {
    do {
      return try ServiceManager()
    } catch {
      throw ValidationError(error.description)
    }
  }

  /// Without tokens, a public address lets anyone in.
  private func checkExposure(_ values: Values, _ manager: ServiceManager) throws {
    let host = manager.address ?? values.network.host
    let access = values.access
    if !NetworkOptions.isPublic(host) || access.isInsecure || !access.tokens.table.isEmpty { return }
    throw ValidationError(
      "\(host) may be reached from other machines, and anyone who reaches it may use it. "
        + "Listen on 127.0.0.1 and use ssh -L, give tokens with --api-key-file or \(TokenSource.variable), "
        + "or say --insecure.")
  }

  private func modelAtStart(_ jobs: JobOptions.Values, _ folder: ModelsFolder) throws -> ModelEntry? {
    guard let id = jobs.model else { return nil }
    guard let entry = folder.registry.find(id) else {
      throw ValidationError("Unknown model: \(id). See: darkroom models list")
    }
    return entry
  }

  private func load(
    _ entry: ModelEntry, _ engine: ObservedEngine, _ queue: JobQueue, _ logger: Logger
  ) {
    let source = ModelSource(entry)
    Task {
      do {
        try await queue.submit(steps: 1) { _ in try await engine.load(source) { _ in } }
        logger.notice("loaded", metadata: ["model": "\(entry.id)"])
      } catch {
        logger.error("not loaded", metadata: ["model": "\(entry.id)", "error": "\(error)"])
      }
    }
  }

  /// Tokens and models as they are on the disk now; waits for it.
  private static func reload(_ tokens: TokenSource, _ parts: ServingParts, _ manager: ServiceManager) {
    // Nothing is read for a server that stops, nor is it ready again.
    if parts.isDraining { return }
    let logger = parts.logger
    manager.tell(.reloading)
    do {
      try tokens.reload()
      logger.notice("the tokens were read", metadata: ["tokens": "\(tokens.table.names.count)"])
    } catch {
      logger.error("the old tokens stay", metadata: ["error": "\(error)"])
    }
    parts.folder.refresh(rereading: true)
    if !parts.isDraining { manager.tell(.ready) }
  }
}
