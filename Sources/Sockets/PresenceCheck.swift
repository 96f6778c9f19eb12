import HTTP

/// Finds out whether a client that ended its side of the stream still wants its reply; see `HTTPServer`.
struct PresenceCheck {
  /// When the next interim response is due; `nil` before the first and after the last.
  private(set) var next: Moment?
  private var started: Moment?
  private var sent = 0

  /// Counts an interim response that is sent now.
  mutating func noteSent(now: Moment, repeats: [Duration]) {
    let started = self.started ?? now
    self.started = started
    next = sent < repeats.count ? started + repeats[sent] : nil
    sent += 1
  }
}

extension Connection {
  /// Queues an interim response if the client has ended its side and a reply is pending: one that has closed
  /// answers with a reset.
  ///
  /// HTTP/1.0 has no interim responses (RFC 9110 §15.2).
  func queuePresenceCheck() {
    // Once a stream's head is out, an interim response would stand in the middle of the body.
    guard peerShut, pending?.exchange.version == .http11 else { return }
    pending?.presence.noteSent(now: Moment.now, repeats: context.deadlines.presenceRepeats)
    output.append(ResponseWriter.continueBytes)
  }
}
