import Dispatch
import Generation
import Logging
import Synchronization

/// Keeps one engine process alive and passes jobs to it.
///
/// Callers change `state` and wake the one supervising thread; that thread alone spawns, reads, writes,
/// kills and reaps, so none of this needs a lock of its own and a caller never blocks on the child.
final class Supervisor: Sendable {
  let configuration: RemoteEngine.Configuration
  let logger: Logger
  let wakeUp: WakeUp
  let state = Mutex(Supervision())
  private let stopped = DispatchSemaphore(value: 0)

  init(_ configuration: RemoteEngine.Configuration, logger: Logger) throws(WireError) {
    (self.configuration, self.logger) = (configuration, logger)
    wakeUp = try WakeUp()
  }

  var status: EngineStatus { state.withLock { $0.status } }

  /// Gives the engine one job and waits for its end.
  func perform(
    _ purpose: Supervision.Purpose, progress: @escaping @Sendable (GenerationProgress) -> Void,
    _ command: (UInt64) -> EngineCommand
  ) async throws -> Supervision.Answer {
    let id = state.withLock { $0.newID() }
    let frame: Frame
    do throws(WireError) {
      frame = try Frame(command(id))
    } catch {
      throw GenerationError(.internalError, "The request cannot be sent to the engine: \(error).")
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let job = Supervision.Job(
          id: id, purpose: purpose, command: frame, progress: progress, continuation: continuation)
        state.withLock { $0.submit(job) }?.resume()
        // A cancellation that came before the job was known has found nothing to cancel.
        if Task.isCancelled { cancel(id) }
        wakeUp.signal()
      }
    } onCancel: {
      cancel(id)
    }
  }

  private func cancel(_ id: UInt64) {
    state.withLock { $0.cancel(id) }?.resume()
    wakeUp.signal()
  }

  var isStopping: Bool { state.withLock { $0.stopping } }

  func requestStop() {
    state.withLock { $0.requestStop() }
    wakeUp.signal()
  }

  /// Blocks until the thread has ended: at most `stopGrace` and a moment, unless the system cannot end
  /// the process (a driver holds it), which is then left to it.
  func waitUntilStopped() {
    let (seconds, attoseconds) = (configuration.stopGrace + .seconds(3)).components
    let limit = DispatchTime.now() + Double(seconds) + Double(attoseconds) * 1e-18
    // Passed on, so that every caller is let through.
    if stopped.wait(timeout: limit) == .success { stopped.signal() }
  }

  /// The supervising thread: one process after another until it is told to stop.
  func run() {
    var pause = RestartPause(configuration.restartDelay)
    var earlyDeaths = 0
    while !isStopping {
      do throws(WireError) {
        let child = try ChildProcess.spawn(configuration)
        state.withLock { $0.started(child.id) }
        logger.info("engine started", metadata: ["pid": "\(child.id)"])
        let life = serve(child)
        let story = bury(child, life)
        earlyDeaths = life.greeted ? 0 : earlyDeaths + 1
        if life.succeeded || life.born.duration(to: .now) >= configuration.steadyAfter { pause.reset() }
        if isStopping { break }
        if life.ending.isHopeless || earlyDeaths >= Supervisor.toleratedEarlyDeaths { refuse(story) }
      } catch {
        refuse("\(configuration.name) could not be started: \(reason(error)).")
      }
      wait(for: pause.next())
    }
    settle(state.withLock { $0.stopped() })
    stopped.signal()
  }

  /// From this many in a row on, processes that end before their greeting mean that the engine cannot be
  /// started, and that waiting for it is no use.
  private static let toleratedEarlyDeaths = 3

  private func reason(_ error: WireError) -> String {
    if case .system("posix_spawn", let code) = error { return systemMessage(code) }
    return "\(error)"
  }

  private func refuse(_ message: String) {
    logger.error("engine cannot be started", metadata: ["reason": "\(message)"])
    settle(state.withLock { $0.refuse(GenerationError(.engineUnavailable, message)) })
  }

  /// Sleeps between two processes; waiting jobs still expire, and a stop ends it.
  private func wait(for pause: Duration) {
    let end = ContinuousClock.now + pause
    while !isStopping, ContinuousClock.now < end {
      expireWaiting()
      poll(until: [end, waitingDeadline])
    }
  }

  func settle(_ settlements: [Supervision.Settlement]) {
    for settlement in settlements { settlement.resume() }
  }
}

/// The pauses between restarts: each twice the one before, within a range.
struct RestartPause {
  private let range: ClosedRange<Duration>
  private var upcoming: Duration

  init(_ range: ClosedRange<Duration>) {
    self.range = range
    upcoming = range.lowerBound
  }

  mutating func reset() { upcoming = range.lowerBound }

  mutating func next() -> Duration {
    defer { upcoming = min(upcoming * 2, range.upperBound) }
    return upcoming
  }
}
