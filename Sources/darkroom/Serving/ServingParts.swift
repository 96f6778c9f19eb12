import API
import Generation
import Logging
import Sockets
import Synchronization
import Telemetry
import Wire

/// The parts of a server that others ask while it runs.
final class ServingParts: Sendable {
  let folder: ModelsFolder
  let engine: RemoteEngine
  let lines: LineLog
  let logger: Logger
  let metrics = EngineMetrics()
  private let draining = Atomic<Bool>(false)
  /// Put together last: its handler asks for the others.
  private let server = Mutex<HTTPServer?>(nil)

  init(folder: ModelsFolder, engine: RemoteEngine, lines: LineLog, logger: Logger) {
    (self.folder, self.engine, self.lines, self.logger) = (folder, engine, lines, logger)
  }

  /// Whether the server is about to stop.
  var isDraining: Bool { draining.load(ordering: .relaxed) }

  func drain() { draining.store(true, ordering: .relaxed) }

  func serve(_ server: HTTPServer) { self.server.withLock { $0 = server } }

  /// What the routes ask of these parts.
  var configuration: APIConfiguration {
    var configuration = APIConfiguration(version: Darkroom.version)
    configuration.modelHash = { [folder] in await folder.hash(of: $0, $1) }
    configuration.fileHash = { [folder] in folder.knownHash(ofFile: $0) }
    configuration.report = { [logger] in logger.error("a request failed", metadata: ["error": "\($0)"]) }
    configuration.isDraining = { self.isDraining }
    configuration.statistics = { self.connections }
    configuration.metrics = { self.families }
    return configuration
  }

  private var connections: ConnectionFigures {
    let now = server.withLock { $0?.statistics }
    return ConnectionFigures(
      open: now?.open ?? 0, accepted: now?.accepted ?? 0, refused: now?.refused ?? 0,
      bodyBytes: now?.bodyBytes ?? 0)
  }

  private var families: [MetricFamily] {
    let lost = MetricFamily(
      "darkroom_log_lines_dropped_total", "Lines a stuck log did not take.", .counter, Double(lines.lostLines)
    )
    return metrics.families + ProcessFigures.families(engine: engine.status.processID) + [lost]
  }
}
