public import HTTP
public import Logging

/// An HTTP/1.1 server on one thread and epoll.
///
/// **A client that goes away.** While a reply of the kind `HTTPReply.later` is being made, the client may end
/// its side of the stream. That is either a half-close by a client that still wants its answer, or the first
/// sign of one that is gone, and TCP does not tell which until something is sent. Clients that half-close do
/// so right after the request (`nc -N`, `shutdown(SHUT_WR)`), while people and timeouts come later: so an end
/// of stream within `Deadlines.halfCloseWindow` of the request's end is a half-close and is answered, and a
/// later one is a hang-up, which cancels the reply's task. A reset is a hang-up at any time. A client that was
/// killed within the window is found out by TCP keep-alive probes after about a minute.
public final class HTTPServer: Sendable {
  /// The port that is listened on, also when the configuration asked for any.
  public let port: Int

  private let mailbox: Mailbox
  private let log: ServingLog

  /// Binds and listens; clients can connect, and are answered after `start()`.
  /// - Throws: `SocketError` when the address is not valid or not free, or descriptors or threads have run out.
  public init(
    configuration: ServerConfiguration, handler: any HTTPHandler, logger: Logger
  ) throws(SocketError) {
    let listener = try Listener(host: configuration.host, port: configuration.port)
    let epoll = try Epoll()
    let mailbox = try Mailbox()
    let log = ServingLog(logger)
    try ServingThread.spawn {
      let context = ServingContext(
        configuration: configuration, handler: handler, mailbox: mailbox, log: log)
      Reactor(epoll: epoll, listener: listener, context: context).run()
    }
    port = listener.port
    self.mailbox = mailbox
    self.log = log
  }

  deinit { mailbox.post(.stop(drain: .zero, done: nil)) }

  /// Begins to serve. A second call does nothing.
  public func start() {
    mailbox.post(.start)
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
