import Generation
import Images

/// What the supervising thread and the callers share, and how it changes. Does no I/O; what must be told
/// to callers is returned, to be done outside the lock.
struct Supervision: Sendable {
  enum Purpose: Sendable {
    case picture, model

    /// What the job was about, for "while …".
    var activity: String {
      switch self {
      case .picture: "making this picture"
      case .model: "loading the model"
      }
    }
  }

  enum Answer: Sendable {
    case picture(GenerationResult)
    case loaded
  }

  typealias Instant = ContinuousClock.Instant

  struct Job: Sendable {
    let id: UInt64
    let purpose: Purpose
    let command: Frame
    let progress: @Sendable (GenerationProgress) -> Void
    let continuation: CheckedContinuation<Answer, any Error>
    /// When it came, or when the engine was last lost: how long it has been waiting for one.
    var waitingSince: Instant = .now
  }

  struct Running: Sendable {
    let job: Job
    var lastProgress: Instant = .now
    var cancelledAt: Instant?
    var cancelSent = false
  }

  /// A job's end, still to be told to its caller.
  struct Settlement: Sendable {
    let job: Job
    let result: Result<Answer, any Error>

    func resume() { job.continuation.resume(with: result) }
  }

  private(set) var phase = EngineStatus.State.starting
  private(set) var processID: Int32?
  private(set) var running: Running?
  private(set) var stopping = false
  /// What the engine last said of itself.
  private var facts = EngineStatus(state: .starting)
  private var detail: String?
  /// While the engine cannot be started: why. Jobs are refused at once rather than kept waiting.
  private var refusal: GenerationError?
  private var waiting: [Job] = []
  private var lastID: UInt64 = 0

  var status: EngineStatus {
    var status = facts
    (status.state, status.processID, status.detail) = (phase, processID, detail ?? facts.detail)
    return status
  }
}

// MARK: Jobs

extension Supervision {
  mutating func newID() -> UInt64 {
    lastID += 1
    return lastID
  }

  /// - Returns: the job's end when it cannot be taken.
  mutating func submit(_ job: Job) -> Settlement? {
    if let refusal { return Settlement(job: job, result: .failure(refusal)) }
    waiting.append(job)
    return nil
  }

  /// - Returns: the job's end when it was still waiting. A running one ends when the engine says so.
  mutating func cancel(_ id: UInt64) -> Settlement? {
    if let index = waiting.firstIndex(where: { $0.id == id }) {
      return Settlement(job: waiting.remove(at: index), result: .failure(CancellationError()))
    }
    if running?.job.id == id, running?.cancelledAt == nil { running?.cancelledAt = .now }
    return nil
  }

  /// The next thing to tell the engine, if any.
  mutating func nextCommand() -> Command? {
    if let current = running {
      guard current.cancelledAt != nil, !current.cancelSent else { return nil }
      running?.cancelSent = true
      return .cancel(current.job.id)
    }
    guard phase == .ready, !waiting.isEmpty else { return nil }
    let job = waiting.removeFirst()
    running = Running(job: job)
    return .start(job.command)
  }

  enum Command {
    case start(Frame)
    case cancel(UInt64)
  }

  /// - Returns: the listener to call, unless the job is over or cancelled.
  mutating func noteProgress(of id: UInt64) -> (@Sendable (GenerationProgress) -> Void)? {
    guard running?.job.id == id else { return nil }
    running?.lastProgress = .now
    return running?.cancelledAt == nil ? running?.job.progress : nil
  }

  /// Ends the running job as the engine said, or as cancelled when that was asked for.
  /// - Throws: `WireError.unexpected` when no such job is running or this is no end for it.
  mutating func end(_ id: UInt64, _ result: Result<Answer, any Error>) throws(WireError) -> Settlement {
    guard let current = running, current.job.id == id else {
      throw .unexpected("the engine ended a job it was not given")
    }
    switch (current.job.purpose, result) {
    case (.picture, .success(.loaded)), (.model, .success(.picture)):
      throw .unexpected("the engine answered a job with another's result")
    default: break
    }
    running = nil
    return settlement(of: current, result)
  }

  /// Ends the running job, whatever the engine does.
  mutating func abandonRunning(_ error: (Purpose) -> GenerationError) -> Settlement? {
    guard let current = running else { return nil }
    running = nil
    return settlement(of: current, .failure(error(current.job.purpose)))
  }

  private func settlement(of current: Running, _ result: Result<Answer, any Error>) -> Settlement {
    let cancelled = current.cancelledAt != nil
    return Settlement(job: current.job, result: cancelled ? .failure(CancellationError()) : result)
  }

  /// Ends the jobs that have waited for an engine since `limit` or before.
  mutating func expireWaiting(since limit: Instant, _ error: GenerationError) -> [Settlement] {
    guard phase != .ready else { return [] }
    let expired = waiting.filter { $0.waitingSince <= limit }
    waiting.removeAll { $0.waitingSince <= limit }
    return expired.map { Settlement(job: $0, result: .failure(error)) }
  }

  /// When the first waiting job came, while there is no engine for it.
  var waitingSince: Instant? {
    phase == .ready ? nil : waiting.map(\.waitingSince).min()
  }

  private mutating func failWaiting(_ error: GenerationError) -> [Settlement] {
    defer { waiting = [] }
    return waiting.map { Settlement(job: $0, result: .failure(error)) }
  }
}

// MARK: The process

extension Supervision {
  mutating func requestStop() { stopping = true }

  mutating func started(_ id: Int32) { processID = id }

  mutating func greeted(_ status: EngineStatus) {
    (phase, facts) = (.ready, status)
    (detail, refusal) = (nil, nil)
  }

  mutating func update(_ status: EngineStatus) { facts = status }

  /// The engine is lost, though its process may not be gone yet. What the machine has is still true; what
  /// the process held is not.
  mutating func lost(_ why: String) {
    if phase == .ready {
      for index in waiting.indices { waiting[index].waitingSince = .now }
    }
    phase = stopping ? .stopped : .restarting
    detail = why
    (facts.model, facts.allocatedBytes, facts.ipAdapterLoaded) = (nil, 0, false)
  }

  mutating func reaped(_ why: String) {
    processID = nil
    detail = why
  }

  /// Until the next greeting no job is taken.
  mutating func refuse(_ error: GenerationError) -> [Settlement] {
    (phase, detail, refusal) = (.restarting, error.message, error)
    return failWaiting(error)
  }

  mutating func stopped() -> [Settlement] {
    let error = GenerationError(.engineUnavailable, "The engine has been stopped.")
    (phase, detail, refusal) = (.stopped, error.message, error)
    return failWaiting(error)
  }
}
