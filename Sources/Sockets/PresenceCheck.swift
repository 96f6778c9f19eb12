import HTTP

/// Finds out whether a client that ended its side of the stream still wants its reply; see `HTTPServer`.
struct PresenceCheck {
  /// When the next interim response is due; `nil` before the first is wanted and after the last.
  private(set) var next: Moment?
  private var started: Moment?
  private var sent = 0

  /// Wants the first interim response at `time`, unless one was sent.
  mutating func begin(at time: Moment) {
    if started == nil { next = next ?? time }
  }

  /// Counts an interim response that is sent now.
  mutating func noteSent(now: Moment, repeats: [Duration]) {
    let started = self.started ?? now
    self.started = started
    next = sent < repeats.count ? started + repeats[sent] : nil
    sent += 1
  }
}

extension Connection {
  /// Whether an interim response can tell: HTTP/1.0 has none (RFC 9110 §15.2), and once a stream's head is out, one
  /// would stand in the middle of the body.
  var canCheckPresence: Bool { pending?.exchange.version == .http11 }

  /// A client that half-closed with its request is looked for a little later: most replies are there by then.
  func schedulePresenceCheck() {
    guard canCheckPresence, let began = pending?.exchange.began else { return }
    pending?.presence.begin(at: began + context.deadlines.firstPresenceCheck)
  }

  /// Queues an interim response if the client has ended its side and a reply is pending: one that has closed
  /// answers with a reset.
  func queuePresenceCheck() {
    guard peerShut, canCheckPresence else { return }
    pending?.presence.noteSent(now: Moment.now, repeats: context.deadlines.presenceRepeats)
    output.append(ResponseWriter.continueBytes)
  }
}
