import Foundation
import Synchronization

/// Every job that goes on, and for a while those that are over.
public final class JobStore: Sendable {
  /// How much is remembered of jobs that are over. What is beyond goes when the store is next used, the oldest
  /// first.
  public struct Limits: Sendable {
    /// How many jobs.
    public var jobs = 256
    /// Seconds after the end.
    public var age = 600.0
    /// Bytes of the replies of detached jobs, all together; the newest is kept, however long it is.
    public var replyBytes = 64 << 20

    public init() {}
  }

  private let book: Mutex<JobBook>
  private let now: @Sendable () -> Double

  public convenience init(limits: Limits = Limits()) {
    self.init(limits: limits, now: { Date().timeIntervalSince1970 })
  }

  init(limits: Limits, now: @escaping @Sendable () -> Double) {
    book = Mutex(JobBook(limits: limits))
    self.now = now
  }

  /// Starts `work` in a task of its own.
  ///
  /// An id that is in use is replaced by one that is drawn; that of a job of the same client that is over is free. A job
  /// that ends without ever having been queued leaves no record.
  /// - Parameter work: reports on itself; a reply, or `nil` when it was cancelled.
  public func start(
    _ opening: JobOpening, _ work: @escaping @Sendable (JobReporter) async -> JobReply?
  ) -> RunningJob {
    let (events, end) = (JobEvents(), JobEnd())
    let tell: @Sendable (JobOutcome) -> Void = { outcome in
      events.post(.ended(outcome))
      end.tell(outcome)
    }
    let id = book.withLock { $0.open(opening, at: now(), tell: tell) }
    let task = Task {
      let reply = await work(JobReporter(id: id, store: self, events: events))
      if let outcome = book.withLock({ $0.end(id, reply, at: now()) }) { tell(outcome) }
    }
    let cancel: @Sendable () -> Void = { task.cancel() }
    // A cancellation may have come between the two.
    if book.withLock({ $0.attach(id, cancel) }) { cancel() }
    return RunningJob(id: id, events: events, isDetached: opening.isDetached, end: end, cancel: cancel)
  }

  /// - Parameter client: whose jobs; `nil` means everyone's.
  /// - Returns: the newest first.
  public func records(of client: String?) -> [JobRecord] {
    book.withLock { $0.records(of: client, at: now()) }
  }

  /// - Parameter client: who asks; `nil` means someone who may see all. Another's job is unknown.
  public func record(_ id: String, of client: String?) -> JobRecord? {
    book.withLock { $0.entry(id, of: client, at: now())?.record }
  }

  /// The reply of a detached job that completed, while it is kept.
  public func reply(_ id: String, of client: String?) -> [UInt8]? {
    book.withLock { $0.entry(id, of: client, at: now())?.reply }
  }

  /// Ends a job within one step; one that is over stays as it is.
  /// - Returns: the job as it is then; `nil` for an unknown one.
  public func cancel(_ id: String, of client: String?) -> JobRecord? {
    let found = book.withLock { $0.cancel(id, of: client, at: now()) }
    found?.task?()
    return found?.record
  }

  /// Ends every job, because the server stops. Whoever waits for one is told at once, not when its step is done; jobs
  /// that are started afterwards end too.
  public func cancelAll() {
    for end in book.withLock({ $0.stop(at: now()) }) { end() }
  }

  fileprivate func note(_ event: JobEvent, of id: String) -> Bool {
    book.withLock { $0.note(event, of: id, at: now()) }
  }
}

/// Where a job says how far it is.
public struct JobReporter: Sendable {
  public let id: String
  fileprivate let store: JobStore
  fileprivate let events: JobEvents

  /// Never waits. What comes after the job's end is lost.
  public func report(_ event: JobEvent) {
    if store.note(event, of: id) { events.post(event) }
  }
}

/// A job seen by whoever asked for it.
public struct RunningJob: Sendable {
  public let id: String
  /// For one reader.
  public let events: JobEvents
  let isDetached: Bool
  let end: JobEnd
  let cancel: @Sendable () -> Void

  /// Waits for the end. Cancelling the caller is the client's going.
  public func outcome() async -> JobOutcome {
    await withTaskCancellationHandler {
      await end.outcome()
    } onCancel: {
      clientHungUp()
    }
  }

  /// Cancels the job unless it is detached.
  public func clientHungUp() {
    if !isDetached { cancel() }
  }
}
