public import Generation
import Images
import Synchronization

/// Serves an engine over the socket the server left open: the child process's whole conversation.
public struct EngineHost: Sendable {
  /// Where the server puts the child's end of the socket pair.
  public static let inheritedDescriptor: Int32 = 3

  private let connection: HostConnection

  /// Takes over `descriptor`, a connected stream socket.
  public init(descriptor: Int32, engine: any ImageEngine) {
    self.init(FrameChannel(owning: descriptor), engine: engine)
  }

  package init(_ channel: FrameChannel, engine: any ImageEngine) {
    connection = HostConnection(channel: channel, engine: engine)
  }

  /// Greets the server and serves its commands until it closes its end, blocking the calling thread.
  ///
  /// Jobs that still run are cancelled but not waited for: the process should end at once (`_exit`),
  /// whatever they hold.
  /// - Returns: `nil` when the server closed in order, else why the conversation broke off.
  @discardableResult public func run() -> WireError? {
    defer { connection.cancelAll() }
    do throws(WireError) {
      try connection.channel.send(Frame(Greeting(status: connection.engine.status)))
      var reader = FrameReader()
      while let frame = try connection.channel.nextFrame(&reader) {
        try connection.handle(frame.message(EngineCommand.self))
      }
      return nil
    } catch {
      return error
    }
  }
}

/// The jobs of one conversation.
private final class HostConnection: Sendable {
  let channel: FrameChannel
  let engine: any ImageEngine
  private let jobs = Mutex<[UInt64: Task<Void, Never>]>([:])

  init(channel: FrameChannel, engine: any ImageEngine) {
    (self.channel, self.engine) = (channel, engine)
  }

  func cancelAll() {
    for task in jobs.withLock({ Array($0.values) }) { task.cancel() }
  }

  /// - Throws: `WireError.unexpected` for a job's number that is in use.
  func handle(_ command: EngineCommand) throws(WireError) {
    switch command {
    case .generate(let job, let request):
      try start(job) { [self] in
        let result = try await engine.generate(request, progress: reporter(of: job))
        let image = result.image
        return try Frame(
          EngineEvent.finished(job: job, report: result.report, width: image.width, height: image.height),
          attachment: image.pixels)
      }
    case .load(let job, let model):
      try start(job) { [self] in
        try await engine.load(model, progress: reporter(of: job))
        return try Frame(EngineEvent.loaded(job: job))
      }
    case .cancel(let job):
      // A job may end while its cancellation is on the way: then there is nothing to do.
      jobs.withLock { $0[job] }?.cancel()
    }
  }

  private func start(
    _ job: UInt64, _ work: @escaping @Sendable () async throws -> Frame
  ) throws(WireError) {
    try jobs.withLock { jobs throws(WireError) in
      guard jobs[job] == nil else { throw .unexpected("job \(job) was sent twice") }
      jobs[job] = Task { [self] in
        let end = await lastFrame(of: job, work)
        // Forgotten before the server can hear of the end, so that it may not reuse a number too early.
        self.jobs.withLock { _ = $0.removeValue(forKey: job) }
        send(.status(engine.status))
        if let end { send(end) }
      }
    }
  }

  private func lastFrame(of job: UInt64, _ work: @Sendable () async throws -> Frame) async -> Frame? {
    let event: EngineEvent
    do {
      return try await work()
    } catch is CancellationError {
      event = .cancelled(job: job)
    } catch let error as GenerationError {
      event = .failed(job: job, error)
    } catch {
      // By type alone: another module's words may hold paths or prompts.
      event = .failed(job: job, GenerationError(.internalError, "The engine failed: \(type(of: error))."))
    }
    if let frame = try? Frame(event) { return frame }
    // Without an end the server would take the engine for hanging and kill it.
    return try? Frame(
      EngineEvent.failed(job: job, GenerationError(.internalError, "The engine's answer cannot be sent.")))
  }

  /// Reports a job's progress, and what the engine now holds whenever the job passes from one stage to
  /// the next.
  private func reporter(of job: UInt64) -> @Sendable (GenerationProgress) -> Void {
    let stage = StageTracker()
    return { [self] progress in
      if stage.changes(with: progress) { send(.status(engine.status)) }
      switch progress {
      case .loading(let model, let bytes, let total):
        send(.loading(job: job, model: model, bytes: bytes, total: total))
      case .step(let step, let steps): send(.step(job: job, step, of: steps))
      case .preview(let image):
        let event = EngineEvent.preview(job: job, width: image.width, height: image.height)
        if let frame = try? Frame(event, attachment: image.pixels) { send(frame) }
      }
    }
  }

  private func send(_ event: EngineEvent) {
    guard let frame = try? Frame(event) else { return }
    send(frame)
  }

  /// A failed send needs no report: the server is gone, and `run` reads the end of the stream.
  private func send(_ frame: Frame) {
    try? channel.send(frame)
  }
}

/// Tells when a job goes from loading to making steps, or back.
private final class StageTracker: Sendable {
  private enum Stage { case loading, stepping }
  private let current = Mutex<Stage?>(nil)

  func changes(with progress: GenerationProgress) -> Bool {
    let next: Stage =
      switch progress {
      case .loading: .loading
      case .step, .preview: .stepping
      }
    return current.withLock { current in
      defer { current = next }
      return current != next
    }
  }
}
