/// The records behind a `JobStore`, whole after every method.
struct JobBook {
  struct Entry {
    var record: JobRecord
    /// Ends its task; `nil` once it is over.
    var cancel: (@Sendable () -> Void)?
    var cancelRequested = false
    var reply: [UInt8]?
  }

  let limits: JobStore.Limits
  private var entries: [String: Entry] = [:]
  /// The ids from the oldest to the newest.
  private var order: [String] = []

  init(limits: JobStore.Limits) { self.limits = limits }

  /// - Returns: the job's id.
  mutating func open(_ opening: JobOpening, at time: Double) -> String {
    forget(at: time)
    var id = opening.id
    while id.isEmpty || entries[id] != nil {
      id = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    }
    entries[id] = Entry(record: JobRecord(opening, id: id, created: time))
    order.append(id)
    return id
  }

  /// - Returns: whether the job was cancelled before.
  mutating func attach(_ id: String, _ cancel: @escaping @Sendable () -> Void) -> Bool {
    guard let entry = entries[id], !entry.record.isOver else { return false }
    entries[id]?.cancel = cancel
    return entry.cancelRequested
  }

  /// - Returns: whether the job goes on.
  mutating func note(_ event: JobEvent, of id: String, at time: Double) -> Bool {
    guard let entry = entries[id], !entry.record.isOver else { return false }
    entries[id]?.record.note(event, at: time)
    return true
  }

  mutating func end(_ id: String, _ reply: JobReply?, at time: Double) -> JobOutcome {
    let isAsked = entries[id]?.cancelRequested == true
    let outcome: JobOutcome = reply.map { .reply($0) } ?? .cancelled(onRequest: isAsked)
    entries[id]?.cancel = nil
    if entries[id]?.record.wasQueued == false {
      remove(id)
      return outcome
    }
    entries[id]?.record.note(.ended(outcome), at: time)
    if entries[id]?.record.hasReply == true { entries[id]?.reply = reply?.body }
    forget(at: time)
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

  var tasks: [@Sendable () -> Void] { entries.values.compactMap(\.cancel) }

  /// Removes what is over and too old, or too much.
  private mutating func forget(at time: Double) {
    var (jobs, bytes) = (0, 0)
    for id in order.reversed() {
      guard let entry = entries[id], let ended = entry.record.ended else { continue }
      jobs += 1
      bytes += entry.reply?.count ?? 0
      if jobs > limits.jobs || bytes > limits.replyBytes || ended + limits.age < time { remove(id) }
    }
  }

  private mutating func remove(_ id: String) {
    entries[id] = nil
    order.removeAll { $0 == id }
  }
}
