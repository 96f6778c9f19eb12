import HTTP

/// When a connection has kept the server waiting for too long.
struct ConnectionTimer {
  /// What is being waited for. Deadlines start anew when it changes, so a request's number belongs to it: a
  /// response made at once leaves no other wait between two idle ones.
  enum Wait: Equatable {
    /// For the server itself, which may want to know by a given time whether the client is still there.
    case reply(presenceCheck: Moment?)
    case idle(request: Int)
    case head(request: Int)
    case body(request: Int)
    case write
    case linger
  }

  private(set) var wait: Wait?
  private(set) var deadline: Moment?
  private var began: Moment?
  private var lastProgress: Moment?
  private var hasProgressed = false
  /// Bytes that had been sent when the wait began.
  private var sentBefore = 0

  /// The client has taken or, while lingering, sent something.
  mutating func progressed() { hasProgressed = true }

  mutating func update(
    _ wait: Wait, bodyLength: Int, output: OutputQueue, deadlines: Deadlines, now: Moment
  ) {
    if wait != self.wait || began == nil {
      (self.wait, sentBefore) = (wait, output.total - output.count)
      began = now
      lastProgress = now
    } else if hasProgressed {
      lastProgress = now
    }
    hasProgressed = false
    guard let began, let lastProgress else { return }
    switch wait {
    case .reply(let presenceCheck): deadline = presenceCheck
    case .idle: deadline = began + deadlines.idle
    case .head: deadline = began + deadlines.header
    case .body:
      deadline = began + deadlines.body + .seconds(Double(bodyLength) / Double(max(1, deadlines.bodyRate)))
    case .write:
      // What came to be sent since then counts as what was there.
      let owed = output.total - sentBefore
      let granted = deadlines.writeStall + .seconds(Double(owed) / Double(max(1, deadlines.writeRate)))
      deadline = min(lastProgress + deadlines.writeStall, began + granted)
    case .linger: deadline = min(began + deadlines.linger, lastProgress + deadlines.lingerIdle)
    }
  }
}

extension Connection {
  /// Brings the deadline up to date with what is now waited for.
  func updateTimer(now: Moment) {
    timer.update(
      currentWait, bodyLength: parser.declaredLength ?? parser.receivedLength, output: output,
      deadlines: context.isStopping ? context.deadlines.whileStopping : context.deadlines, now: now)
  }

  private var currentWait: ConnectionTimer.Wait {
    if stage == .lingering { return .linger }
    if !output.isEmpty { return .write }
    // Nothing of a stream waits to be sent: the next piece is the server's to make.
    if streaming != nil { return .reply(presenceCheck: nil) }
    if let pending { return .reply(presenceCheck: pending.presence.next) }
    switch parser.phase {
    case .idle: return .idle(request: answered)
    case .head: return .head(request: answered)
    case .body: return .body(request: answered)
    }
  }

  /// A slow request is told so; any other wait for the client ends in silence.
  func deadlinePassed() {
    switch timer.wait {
    case .reply:
      queuePresenceCheck()
      advance()
    case .head, .body:
      refuse(HTTPError(status: 408, detail: "The request took too long to arrive.", code: "request_timeout"))
      advance()
    default: hangUp()
    }
  }
}

extension Deadlines {
  /// A stopping server gives clients a second to close after their last response.
  var whileStopping: Deadlines {
    var shorter = self
    shorter.linger = min(linger, .seconds(1))
    return shorter
  }
}
