/// The records behind a `JobStore`, whole after every method.
struct JobBook {
  struct Entry {
    var record: JobRecord
    /// Tells whoever waits for it.
    let tell: @Sendable (JobOutcome) -> Void
    /// Whether its task goes on, which it may for a step after the job is over.
    var isWorking = true
    /// Ends its task.
    var cancel: (@Sendable () -> Void)?
    var cancelRequested = false
    var reply: [UInt8]?
  }

  let limits: JobStore.Limits
  private var entries: [String: Entry] = [:]
  /// The ids from the oldest to the newest.
  private var order: [String] = []
  /// Those of jobs that are over, in the order of their ends.
  private var ended: [String] = []
  private var isStopped = false

  init(limits: JobStore.Limits) { self.limits = limits }

  /// A job of the same client that is over gives its id to the new one.
  /// - Parameter tell: told of the end.
  /// - Returns: the job's id.
  mutating func open(
    _ opening: JobOpening, at time: Double, tell: @escaping @Sendable (JobOutcome) -> Void
  ) -> String {
    forget(at: time)
    var id = opening.id
    if let entry = entries[id], entry.record.isOver, !entry.isWorking, entry.record.client == opening.client {
      remove(id)
    }
    while id.isEmpty || entries[id] != nil {
      id = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    }
    entries[id] = Entry(record: JobRecord(opening, id: id, created: time), tell: tell)
    order.append(id)
    return id
  }

  /// - Returns: whether the job was cancelled before.
  mutating func attach(_ id: String, _ cancel: @escaping @Sendable () -> Void) -> Bool {
    guard let entry = entries[id], entry.isWorking else { return false }
    entries[id]?.cancel = cancel
    return entry.cancelRequested || isStopped
  }

  /// - Returns: whether the job goes on.
  mutating func note(_ event: JobEvent, of id: String, at time: Double) -> Bool {
    guard let entry = entries[id], !entry.record.isOver else { return false }
    entries[id]?.record.note(event, at: time)
    return true
  }

  /// The job's task is over.
  /// - Returns: `nil` when the job was over before.
  mutating func end(_ id: String, _ reply: JobReply?, at time: Double) -> JobOutcome? {
    entries[id]?.isWorking = false
    entries[id]?.cancel = nil
    guard let record = entries[id]?.record, !record.isOver else { return nil }
    let outcome = close(id, reply, at: time)
    if !record.wasQueued { remove(id) }
    forget(at: time)
    return outcome
  }

  private mutating func close(_ id: String, _ reply: JobReply?, at time: Double) -> JobOutcome {
    let isAsked = entries[id]?.cancelRequested == true
    let outcome: JobOutcome = reply.map { .reply($0) } ?? .cancelled(onRequest: isAsked)
    entries[id]?.record.note(.ended(outcome), at: time)
    if entries[id]?.record.hasReply == true { entries[id]?.reply = reply?.body }
    ended.append(id)
    return outcome
  }

  mutating func cancel(
    _ id: String, of client: String?, at time: Double
  ) -> (record: JobRecord, task: (@Sendable () -> Void)?)? {
    guard let entry = entry(id, of: client, at: time) else { return nil }
    guard !entry.record.isOver else { return (entry.record, nil) }
    entries[id]?.cancelRequested = true
    entries[id]?.record.state = .cancelling
    return entries[id].map { ($0.record, $0.cancel) }
  }

  mutating func entry(_ id: String, of client: String?, at time: Double) -> Entry? {
    forget(at: time)
    guard let entry = entries[id], client == nil || entry.record.client == client else { return nil }
    return entry
  }

  mutating func records(of client: String?, at time: Double) -> [JobRecord] {
    forget(at: time)
    return order.reversed().compactMap { entries[$0]?.record }.filter { client == nil || $0.client == client }
  }

  /// Every job is over, whatever its task still does, and so is every one that comes.
  /// - Returns: what ends the tasks and tells those who wait.
  mutating func stop(at time: Double) -> [@Sendable () -> Void] {
    isStopped = true
    return order.compactMap { id in
      guard let entry = entries[id], !entry.record.isOver else { return nil }
      let outcome = close(id, nil, at: time)
      return {
        entry.cancel?()
        entry.tell(outcome)
      }
    }
  }

  /// Removes what is over and too old, or too much; of replies that are too long together, only those that ended first.
  private mutating func forget(at time: Double) {
    var (jobs, bytes) = (0, 0)
    for id in ended.reversed() {
      guard let entry = entries[id], let end = entry.record.ended else { continue }
      jobs += 1
      if jobs > limits.jobs || end + limits.age < time {
        remove(id)
      } else if let reply = entry.reply {
        // The newest is kept, however long it is.
        if bytes > 0, bytes + reply.count > limits.replyBytes {
          entries[id]?.reply = nil
          entries[id]?.record.hasReply = false
        }
        bytes += reply.count
      }
    }
  }

  private mutating func remove(_ id: String) {
    entries[id] = nil
    order.removeAll { $0 == id }
    ended.removeAll { $0 == id }
  }
}
