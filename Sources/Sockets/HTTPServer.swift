public import HTTP
public import Logging

/// An HTTP/1.1 server on one thread and epoll.
///
/// **A client that goes away.** While a reply of the kind `HTTPReply.later` is being made, the client may end
/// its side of the stream. That is either a half-close by a client that still wants its answer, or the first
/// sign of one that is gone, and TCP does not tell which until something is sent. So it is answered with an interim
/// `100 Continue`, which a client has to accept at any time (RFC 9110 §15.2): a client that half-closed skips it
/// and gets its final response, and one that has closed resets the connection. A reset is a hang-up at any time: it
/// cancels the reply's task and is logged as 499. Clients that half-close do so right after the request (`nc -N`,
/// `shutdown(SHUT_WR)`), while people and most timeouts come later: within `Deadlines.halfCloseWindow` of the
/// request's end the interim response waits until `Deadlines.firstPresenceCheck`, when most replies are there, and
/// after the window it is sent at once.
///
/// A proxy or a tunnel may half-close first, and close only when its own client has refused the bytes; so the
/// interim response is sent again at `Deadlines.presenceRepeats` while the reply is pending. HTTP/1.0 has no
/// interim responses, and in the middle of a streamed body there is no room for one: there an end of stream within
/// the window is a half-close for good, and a later one a hang-up. A client whose machine vanished without a word is
/// found out by TCP keep-alive probes after a minute and a half.
public final class HTTPServer: Sendable {
  /// The address that is listened on, as a literal without brackets.
  public let host: String
  /// The port that is listened on, also when the configuration asked for any.
  public let port: Int

  private let mailbox: Mailbox
  private let log: ServingLog
  private let bodies: BodyBudget
  private let connections = ConnectionCounters()

  /// Descriptors that are kept for refusing connections and for all else that the process opens.
  private static let keptDescriptors = 128

  /// Binds and listens, or takes over the inherited socket; clients can connect, and are answered after
  /// `start()`. Sets how the process returns memory to the system (mallopt(3)).
  /// - Throws: `SocketError` when the address is not valid or not free, the inherited descriptor is not a TCP
  ///   socket that listens, or descriptors or threads have run out.
  public init(
    configuration: ServerConfiguration, handler: any HTTPHandler, logger: Logger
  ) throws(SocketError) {
    var configuration = configuration
    let listener =
      if let inherited = configuration.inherited {
        try Listener(inherited: inherited)
      } else {
        try Listener(host: configuration.host, port: configuration.port)
      }
    let epoll = try Epoll()
    let mailbox = try Mailbox()
    let log = ServingLog(logger)
    let bodies = BodyBudget(limit: configuration.bodyBudget) { mailbox.post(.bodyGone(bytes: $0)) }
    let descriptors = FileLimits.current
    // With few descriptors, half of them for clients is better than nearly none.
    let most = max(1, descriptors - min(Self.keptDescriptors, descriptors / 2))
    if configuration.maxConnections > most {
      log.write(.warning, "at most \(most) connections, since only \(descriptors) descriptors are allowed")
      configuration.maxConnections = most
    }
    MemoryReturn.prepare()
    try ServingThread.spawn { [configuration, connections] in
      let context = ServingContext(
        configuration: configuration, handler: handler, mailbox: mailbox, log: log, bodies: bodies)
      let refusals = min(64, max(1, (descriptors - most) / 4))
      Reactor(epoll: epoll, listener: listener, context: context, counters: connections, refusals: refusals)
        .run()
    }
    (host, port) = (listener.host, listener.port)
    self.bodies = bodies
    self.mailbox = mailbox
    self.log = log
  }

  deinit { mailbox.post(.stop(drain: .zero, done: nil)) }

  /// Begins to serve. A second call does nothing.
  public func start() {
    mailbox.post(.start)
  }

  /// Figures of this moment; cheap, and may be asked for on any thread.
  public var statistics: ServerStatistics {
    connections.statistics(bodyBytes: bodies.bytes)
  }

  /// Stops: no new connections, idle ones are closed, and what is under way may finish within `drain`; after
  /// that, tasks are cancelled and given one second to answer. Returns when every connection is closed.
  public func stop(drain: Duration) async {
    await withCheckedContinuation { done in
      if !mailbox.post(.stop(drain: drain, done: done)) { done.resume() }
    }
    await log.finish()
  }
}
