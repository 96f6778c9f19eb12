import CEpoll
import Glibc
import HTTP
import Logging

/// The loop that serves every connection of a server on one thread.
///
/// It is made on that thread and never leaves it; other threads reach it through the mailbox only. It never
/// waits for anything but epoll.
final class Reactor {
  private static let mailboxToken: UInt64 = 0
  private static let listenerToken: UInt64 = 1
  private static let firstConnection: UInt64 = 2
  private static let acceptsPerTurn = 64
  /// How long accepting pauses when descriptors run out.
  private static let exhaustedPause = Duration.milliseconds(200)
  /// How long cancelled work may take to answer when the server stops.
  static let grace = Duration.seconds(1)

  private struct Stopping {
    var deadline: Moment
    var hasAbandoned = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let epoll: Epoll
  private let listener: Listener
  private let context: ServingContext
  private let counters: ConnectionCounters
  /// Connections beyond the cap that may be told 503 at a time; further ones wait in the backlog.
  private let refusals: Int
  private var memory = MemoryReturn()
  private var connections: [UInt64: Connection] = [:]
  private var nextID = Reactor.firstConnection
  /// How many of `connections` are beyond the cap.
  private var surplus = 0
  private var hasStarted = false
  private var isAccepting = false
  private var acceptAgain: Moment?
  private var stopping: Stopping?
  /// No deadline is earlier than this. Sweeping all connections at this time, and no sooner, finds every
  /// deadline that has passed; since no deadline is short, sweeps are rare.
  private var nextSweep: Moment?

  init(
    epoll: Epoll, listener: Listener, context: ServingContext, counters: ConnectionCounters, refusals: Int
  ) {
    self.epoll = epoll
    self.listener = listener
    self.context = context
    self.counters = counters
    self.refusals = refusals
  }

  /// Serves until told to stop.
  func run() {
    var events = [epoll_event](repeating: epoll_event(), count: 256)
    do {
      try epoll.add(context.mailbox.descriptor, .readable, token: Self.mailboxToken)
    } catch {
      context.log.write(.critical, "cannot serve: \(error)")
      finish()
      return
    }
    while true {
      let count = epoll.wait(&events, timeout: timeout())
      context.now = .now
      for event in events.prefix(count) {
        dispatch(event.data.u64, Epoll.Readiness(rawValue: event.events))
      }
      let now = context.now
      if let time = acceptAgain, time <= now { resumeAccepting() }
      if let time = nextSweep, time <= now { sweep(now) }
      memory.connections(connections.count, now: now)
      if let time = memory.due, time <= now { memory.giveBack(open: connections.count) }
      if isFinished(now) { break }
    }
    finish()
  }

  private func dispatch(_ token: UInt64, _ readiness: Epoll.Readiness) {
    switch token {
    case Self.mailboxToken: for message in context.mailbox.take() { handle(message) }
    case Self.listenerToken: accept()
    default:
      // The connection may have been dropped earlier in the same batch.
      guard let connection = connections[token] else { return }
      connection.ready(readiness)
      settle(connection)
    }
  }

  private func handle(_ message: Mailbox.Message) {
    switch message {
    case .start: start()
    case .finished(let id, let response):
      // Of a client that has hung up, nothing is left to answer.
      guard let connection = connections[id] else {
        response.stream?.clientHungUp()
        return
      }
      connection.finished(response)
      settle(connection)
    case .resume(let id):
      guard let connection = connections[id] else { return }
      connection.resume()
      settle(connection)
    case .piece(let id, let piece):
      guard let connection = connections[id] else { return }
      connection.made(piece)
      settle(connection)
    case .bodyGone(let bytes): memory.bodyGone(bytes: bytes, now: Moment.now)
    case .stop(let drain, let done): stop(drain, done)
    }
  }

  /// Does for a connection what its last step asks for.
  private func settle(_ connection: Connection) {
    // A reply may have promised to keep the connection before the server was told to stop.
    if context.isStopping { connection.stopIfIdle() }
    guard !connection.isDead else {
      drop(connection)
      return
    }
    let interest = connection.interest
    if interest != connection.registered {
      do {
        try epoll.change(connection.socket.descriptor, interest, token: connection.id)
        connection.registered = interest
      } catch {
        context.log.write(.error, "connection dropped: \(error)")
        connection.hangUp()
        drop(connection)
        return
      }
    }
    connection.updateTimer(now: context.now)
    if let deadline = connection.timer.deadline { nextSweep = min(nextSweep ?? deadline, deadline) }
  }

  private func drop(_ connection: Connection) {
    // The last reference: its socket closes, which takes it out of epoll too.
    if connections.removeValue(forKey: connection.id) != nil {
      counters.countClosed()
      if connection.isSurplus { surplus -= 1 }
    }
    resumeAccepting()
  }

  private func sweep(_ now: Moment) {
    nextSweep = nil
    for connection in Array(connections.values) {
      if let deadline = connection.timer.deadline, deadline <= now { connection.deadlinePassed() }
      settle(connection)
    }
  }

  private func timeout() -> Int32 {
    var earliest = nextSweep
    for time in [acceptAgain, stopping?.deadline, memory.due] {
      if let time { earliest = min(earliest ?? time, time) }
    }
    guard let earliest else { return -1 }
    return Int32(min(max(Moment.now.milliseconds(to: earliest), 0), 60_000))
  }
}

// MARK: - Accepting

extension Reactor {
  private func start() {
    guard !hasStarted, stopping == nil, let descriptor = listener.openDescriptor else { return }
    hasStarted = true
    do {
      try epoll.add(descriptor, .readable, token: Self.listenerToken)
      isAccepting = true
    } catch {
      context.log.write(.critical, "cannot accept: \(error)")
    }
  }

  private func accept() {
    for _ in 0..<Self.acceptsPerTurn {
      guard !isFull || surplus < refusals else {
        watchListener(false)
        return
      }
      switch listener.accept() {
      case .none: return
      case .connection(let descriptor, let remote): admit(descriptor, remote)
      case .exhausted(let code):
        let error = SocketError("accept", code: code)
        context.log.write(.warning, "accepting pauses: \(error)")
        acceptAgain = Moment.now + Self.exhaustedPause
        watchListener(false)
        return
      }
    }
  }

  private var isFull: Bool {
    connections.count - surplus >= context.configuration.maxConnections
  }

  private func admit(_ descriptor: Int32, _ remote: String) {
    let connection = Connection(id: nextID, descriptor: descriptor, remoteAddress: remote, context: context)
    nextID += 1
    let interest = connection.interest
    do {
      try epoll.add(descriptor, interest, token: connection.id)
    } catch {
      context.log.write(.error, "connection dropped: \(error)")
      return
    }
    connection.registered = interest
    counters.countAccepted()
    if isFull {
      counters.countRefused()
      surplus += 1
      connection.isSurplus = true
      connection.refuse(
        HTTPError(
          status: 503, detail: "The server has no connection left; try again shortly.",
          code: "too_many_connections"))
      connection.advance()
    }
    connections[connection.id] = connection
    settle(connection)
  }

  /// After a pause, or when a connection has ended and its descriptor is free again.
  private func resumeAccepting() {
    acceptAgain = nil
    if hasStarted, stopping == nil, !isAccepting { watchListener(true) }
  }

  private func watchListener(_ watch: Bool) {
    guard let descriptor = listener.openDescriptor else { return }
    do {
      try epoll.change(descriptor, watch ? .readable : [], token: Self.listenerToken)
      isAccepting = watch
    } catch {
      context.log.write(.error, "listener: \(error)")
    }
  }
}

// MARK: - Stopping

extension Reactor {
  private func stop(_ drain: Duration, _ done: CheckedContinuation<Void, Never>?) {
    let deadline = Moment.now + max(drain, .zero)
    if stopping == nil {
      stopping = Stopping(deadline: deadline)
      context.isStopping = true
      listener.close()
      acceptAgain = nil
      for connection in Array(connections.values) { settle(connection) }
    } else if let current = stopping, !current.hasAbandoned {
      // A second, more impatient call shortens the wait.
      stopping?.deadline = min(current.deadline, deadline)
    }
    if let done { stopping?.waiters.append(done) }
  }

  private func isFinished(_ now: Moment) -> Bool {
    guard let current = stopping else { return false }
    if connections.isEmpty { return true }
    guard current.deadline <= now else { return false }
    if current.hasAbandoned { return true }
    stopping?.hasAbandoned = true
    stopping?.deadline = now + Self.grace
    for connection in Array(connections.values) {
      connection.abandon()
      settle(connection)
    }
    return connections.isEmpty
  }

  private func finish() {
    for connection in connections.values {
      connection.hangUp()
      counters.countClosed()
    }
    connections = [:]
    listener.close()
    var waiters = stopping?.waiters ?? []
    for message in context.mailbox.close() {
      switch message {
      case .stop(_, let done?): waiters.append(done)
      case .finished(_, let response): response.stream?.clientHungUp()
      default: break
      }
    }
    for waiter in waiters { waiter.resume() }
  }
}
