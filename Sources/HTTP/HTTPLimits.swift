/// How much of a request is accepted; each limit has its own status.
public struct HTTPLimits: Sendable, Equatable {
  /// Bytes of the request line without its line end; more is 414.
  public var requestLine = 8 * 1024
  /// Bytes of all header lines together, and of all trailer lines; more is 431.
  public var headerBytes = 32 * 1024
  /// Header lines, and trailer lines; more is 431.
  public var headerFields = 100
  /// Bytes of the body, decoded; more is 413, before any is read when Content-Length tells.
  public var body = 32 * 1024 * 1024
  /// Bytes of chunk extensions in one body; more is 400.
  public var chunkExtensions = 16 * 1024

  public init() {}
}
