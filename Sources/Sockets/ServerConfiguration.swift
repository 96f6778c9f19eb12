public import HTTP

/// Where a server listens and what it puts up with.
public struct ServerConfiguration: Sendable {
  /// An IPv4 or IPv6 literal, or `localhost`, which means 127.0.0.1. Other names are not looked up.
  public var host = "127.0.0.1"
  /// 0 to 65535; 0 picks a free port.
  public var port = 8000
  /// Connections served at a time. One more is answered 503 with `Retry-After`, then closed.
  /// A limit on descriptors that is too low for so many lowers it; see `FileLimits.raise(to:)`.
  public var maxConnections = 4096
  /// Bytes of memory that the bodies of all requests may take; one that does not fit is answered 503 with
  /// `Retry-After`. Bodies below 16 KiB do not count.
  public var bodyBudget = 512 << 20
  /// A listening TCP socket to serve instead of `host` and `port`, such as one that systemd passes on. The
  /// server owns it from then on.
  public var inherited: Int32?
  public var limits = HTTPLimits()
  public var deadlines = Deadlines()

  public init() {}

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }
}

/// How long the server waits for a client. A client that sends or takes a byte now and then gains little by it: all
/// but `writeStall` and `lingerIdle` are total times, and those two have one beside them.
public struct Deadlines: Sendable {
  /// From the first byte of a request to the end of its head; then 408.
  public var header = Duration.seconds(10)
  /// From the end of the head to the end of the body, beside the time the body's size is granted; then 408.
  public var body = Duration.seconds(30)
  /// Bytes a second that a body is granted time for, by its Content-Length, or for chunks by what has come.
  public var bodyRate = 64 * 1024
  /// Between requests, and before the first; then the connection is closed without a word.
  public var idle = Duration.seconds(75)
  /// While the client takes nothing of what is to be sent; then the connection is closed.
  public var writeStall = Duration.seconds(60)
  /// Bytes a second that a client has to take of a response, beside `writeStall` in all; then the connection is
  /// closed.
  public var writeRate = 4 * 1024
  /// After the last response, while the client has not closed its side.
  public var linger = Duration.seconds(30)
  /// The same, while the client sends nothing either.
  public var lingerIdle = Duration.seconds(5)
  /// How long after the end of a request the client's end of stream is taken for a half-close; see `HTTPServer`.
  public var halfCloseWindow = Duration.milliseconds(250)
  /// How long after the end of such a request the first interim response looks whether the client is still there.
  public var firstPresenceCheck = Duration.milliseconds(300)
  /// When, after the first, further interim responses look whether a client that half-closed is still there
  /// while its reply is being made; ascending. See `HTTPServer`.
  public var presenceRepeats = [Duration.seconds(1), .seconds(5)]

  public init() {}
}
