/// How a request is answered.
public enum HTTPReply: Sendable {
  /// Known at once; computed on the thread that serves every connection, so it must not wait.
  case now(HTTPResponse)
  /// Computed in a task of its own, which is cancelled when the client hangs up.
  case later(@Sendable () async -> HTTPResponse)
}

/// What stands behind the server.
public protocol HTTPHandler: Sendable {
  /// Answers a request. Called on the serving thread: slow work belongs in `HTTPReply.later`.
  func respond(to request: HTTPRequest) -> HTTPReply

  /// The response to bytes that broke the protocol or a limit. The connection closes after it.
  func refusal(of error: HTTPError) -> HTTPResponse
}
