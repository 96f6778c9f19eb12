import Synchronization

/// Whose turn it is: one job running at a time, a bounded number in all, the clients in turn.
///
/// A client with many jobs delays another's by one job, not by all of them; jobs of the same client run in the order
/// they came.
///
/// A job is a piece of the caller's own task: cancelling that task takes a waiting job out of the queue at
/// once and reaches a running one as any cancellation does.
public final class JobQueue: Sendable {
  private let state: Mutex<QueueState>
  private let now: @Sendable () -> ContinuousClock.Instant

  /// - Parameter limit: how many jobs there may be, the running one included. At 0 and below every job is
  ///   refused.
  public convenience init(limit: Int) {
    self.init(limit: limit, now: { ContinuousClock.now })
  }

  init(limit: Int, now: @escaping @Sendable () -> ContinuousClock.Instant) {
    state = Mutex(QueueState(limit: limit))
    self.now = now
  }

  /// Runs `work` when its turn comes, in the calling task.
  ///
  /// - Parameters:
  ///   - steps: how many denoising steps the job will make; what waiting times are estimated from.
  ///   - client: whose job it is.
  ///   - moved: told how many jobs are ahead, at once and whenever that changes; 0 is the turn. Called while the
  ///     queue is locked, which keeps what is told in order: it must neither wait nor call the queue.
  ///   - work: the job. It should call `Job.stepFinished()` after each step.
  /// - Throws: `QueueFull` at once when there is no room, `CancellationError` when the task was cancelled
  ///   before `work` began, and whatever `work` throws.
  public func submit<Value: Sendable>(
    steps: Int, client: String = "", moved: @escaping @Sendable (Int) -> Void = { _ in },
    _ work: @Sendable (Job) async throws -> Value
  ) async throws -> Value {
    try Task.checkCancellation()
    let arrived = now()
    let place = try state.withLock { (state: inout QueueState) throws(QueueFull) in
      try state.enter(steps: steps, client: client, moved: moved)
    }
    if !place.isRunning, await turn(of: place.id) == .left { throw CancellationError() }
    defer { finish(place.id) }
    // The turn may have come in the same moment as the cancellation.
    try Task.checkCancellation()
    return try await work(Job(id: place.id, queue: self, waited: now() - arrived))
  }

  /// What `submit` would throw now; `nil` while there is room. It counts as a refusal.
  public var full: QueueFull? {
    state.withLock { $0.full() }
  }

  /// What the queue holds now. Never waits for a job.
  public var snapshot: Snapshot {
    state.withLock { state in
      Snapshot(
        running: state.running == nil ? 0 : 1, waiting: state.waiting.count, limit: state.limit,
        stepSeconds: state.stepSeconds, clients: state.clients, refused: state.refused)
    }
  }

  /// Counts of jobs, and how fast they go.
  public struct Snapshot: Sendable, Equatable {
    /// 0 or 1.
    public let running: Int
    public let waiting: Int
    /// The most that may run and wait together.
    public let limit: Int
    /// The measured seconds of one step; `nil` before there was a measurement.
    public let stepSeconds: Double?
    /// How many clients have a job that runs or waits.
    public var clients = 0
    /// Jobs that found no room, since the start.
    public var refused = 0
  }

  /// Waits until `id` is the running job or has left the queue.
  private func turn(of id: Ticket) async -> QueueState.Turn {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // Between `enter` and here the turn may have come, or a cancellation taken the place away.
        let settled = state.withLock { $0.wait(id, continuation) }
        if let settled { continuation.resume(returning: settled) }
      }
    } onCancel: {
      state.withLock { $0.leave(id) }?.resume(returning: .left)
    }
  }

  private func finish(_ id: Ticket) {
    state.withLock { $0.finish(id) }?.resume(returning: .granted)
  }

  func stepFinished(_ id: Ticket) -> Double? {
    let time = now()
    return state.withLock { $0.stepFinished(id, at: time) }
  }
}

/// A job whose turn has come.
public struct Job: Sendable {
  let id: Ticket
  let queue: JobQueue
  /// From the submission to the turn.
  public let waited: Duration

  /// Tells that a step is done; the time between two calls is what steps are measured by.
  ///
  /// The first step's time is not used: it holds what goes before the steps, such as loading a model.
  /// - Returns: the seconds that a step takes: the mean of this job's, and until it has made two, what all jobs took;
  ///   `nil` before there was a measurement, and for a job that is over.
  @discardableResult
  public func stepFinished() -> Double? {
    queue.stepFinished(id)
  }
}

/// There is no room for another job.
public struct QueueFull: Error, Equatable {
  /// Whole seconds until the jobs there now should be done, 1 to 86,400.
  public let retryAfter: Int
}
