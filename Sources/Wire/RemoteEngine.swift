import Dispatch
import Foundation
public import Generation
public import Logging

/// The engine as seen from the server: a child process, started, watched and restarted as needed.
///
/// Jobs are made one at a time, in the order they came. A job that waits is kept over a restart; only
/// the one that was running is lost with its process.
public final class RemoteEngine: ImageEngine {
  private let supervisor: Supervisor

  /// Starts the child process; does not wait for it.
  /// - Throws: `WireError.system` when no file descriptors are left. That the executable cannot be
  ///   started shows in `status` and in every job's error instead, and is tried again.
  public init(_ configuration: Configuration, logger: Logger = Logger(label: "darkroom.engine"))
    throws(WireError)
  {
    supervisor = try Supervisor(configuration, logger: logger)
    let thread = Thread { [supervisor] in supervisor.run() }
    thread.name = "engine"
    thread.start()
  }

  /// Ends the child without waiting for it; the supervising thread sees it through.
  deinit { supervisor.requestStop() }

  /// Makes one picture in the child process, waiting until it is ready. `progress` is called on the
  /// supervising thread and must not block.
  ///
  /// Cancelling returns once the engine has confirmed that it ended the job, or after
  /// `Configuration.cancelGrace`, when its process is killed.
  /// - Throws: `CancellationError`, or `GenerationError`: the engine's own, and `engineUnavailable` when
  ///   it died, cannot be started, was not ready within `startupTimeout` or has been stopped, and
  ///   `timeout` when no progress came for `jobTimeout`.
  public func generate(
    _ request: GenerationRequest, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws -> GenerationResult {
    let answer = try await supervisor.perform(.picture, progress: progress) {
      .generate(job: $0, request: request)
    }
    guard case .picture(let result) = answer else {
      throw GenerationError(.internalError, "The engine sent no picture.")
    }
    return result
  }

  /// Makes `model` the resident one in the child process.
  /// - Throws: as `generate`.
  public func load(
    _ model: ModelSource, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws {
    _ = try await supervisor.perform(.model, progress: progress) { .load(job: $0, model: model) }
  }

  /// What is known of the engine now; never waits. Without a live process there is no model and no
  /// memory held.
  public var status: EngineStatus { supervisor.status }

  /// Ends the child process for good, blocking until it is gone: it is asked by closing the connection,
  /// and killed after `Configuration.stopGrace`. Jobs fail with `engineUnavailable`.
  public func stop() {
    supervisor.requestStop()
    supervisor.waitUntilStopped()
  }
}

extension RemoteEngine {
  /// What to start, and how patient to be with it.
  public struct Configuration: Sendable {
    /// The engine's executable, a path.
    public var executable: String
    /// Its arguments, without its own name.
    public var arguments: [String]
    /// Added to this process's environment, replacing what is there.
    public var environment: [String: String]
    /// Takes what it writes to its standard output and error, a line at a time without its end (8 KiB at most), on the
    /// supervising thread: it must not wait. Unless it is set, nobody does.
    public var output: @Sendable ([UInt8]) -> Void = { _ in }
    /// From starting the process to its greeting, and the longest a job waits for an engine to be ready.
    public var startupTimeout: Duration = .seconds(60)
    /// The longest a job may run without a report of progress.
    public var jobTimeout: Duration = .seconds(300)
    /// From cancelling a job to killing an engine that does not confirm it. Longer than one step takes
    /// on a slow machine: a killed engine has to load its model again.
    public var cancelGrace: Duration = .seconds(60)
    /// From asking the process to end to killing it.
    public var stopGrace: Duration = .seconds(2)
    /// The pause before a restart: the first one, doubled each time up to the last.
    public var restartDelay: ClosedRange<Duration> = .milliseconds(100) ... .seconds(30)
    /// A process that lived this long, or finished a job, makes the next pause the shortest again.
    public var steadyAfter: Duration = .seconds(60)

    public init(executable: String, arguments: [String] = [], environment: [String: String] = [:]) {
      (self.executable, self.arguments, self.environment) = (executable, arguments, environment)
    }

    /// The executable as operators and clients see it.
    var name: String {
      executable.split(separator: "/").last.map(String.init) ?? executable
    }
  }
}
