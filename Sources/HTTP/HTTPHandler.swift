/// How a request is answered. The account, if any, comes back in `HTTPHandler.finished`.
public enum HTTPReply: Sendable {
  /// Known at once; computed on the thread that serves every connection, so it must not wait.
  case now(HTTPResponse, account: (any RequestAccount)? = nil)
  /// Computed in a task of its own, which is cancelled when the client hangs up.
  case later(account: (any RequestAccount)? = nil, @Sendable () async -> HTTPResponse)
}

/// What stands behind the server.
public protocol HTTPHandler: Sendable {
  /// Answers a request. Called on the serving thread: slow work belongs in `HTTPReply.later`.
  func respond(to request: HTTPRequest) -> HTTPReply

  /// The response to bytes that broke the protocol or a limit. The connection closes after it.
  /// - Parameter partial: the request as far as it is known; `nil` before its request line is.
  func refusal(of error: HTTPError, _ partial: HTTPRequest?) -> HTTPResponse

  /// Asked once for a head whose body is still to come, unless that is so short that reading it costs less than
  /// a new connection. A response refuses the request unread and is the connection's last; after `nil` the body
  /// comes, and `respond` is called. Called on the serving thread.
  func refusal(ofHead head: HTTPRequest) -> HTTPResponse?

  /// Told once of every request, when the last byte of its response is sent or its client is gone. Called on
  /// the serving thread, so it must not wait.
  func finished(_ exchange: HTTPExchange)
}

extension HTTPHandler {
  public func refusal(ofHead head: HTTPRequest) -> HTTPResponse? { nil }

  public func finished(_ exchange: HTTPExchange) {}
}
