/// The versions that are spoken; a 1.x above 1.1 counts as 1.1 (RFC 9110 §2.5).
public enum HTTPVersion: Sendable, Equatable {
  case http10, http11
}

/// A request, parsed and whole.
public struct HTTPRequest: Sendable, Equatable {
  public var method: String
  /// The request target as sent, visible ASCII only.
  public var target: String
  /// The path with percent-encoding undone and without the query; `*` for `OPTIONS *`. It never holds a
  /// control character, but may hold `..` and doubled slashes.
  public var path: String
  /// What followed the first `?`, still encoded.
  public var query: String?
  public var version: HTTPVersion
  /// For HTTP/1.1, always exactly one `Host`, which equals the authority of an absolute target.
  public var headers: HTTPHeaders
  public var body: [UInt8]
  /// The peer's address, without its port.
  public var remoteAddress: String
  /// The client's `X-Request-Id` when it is acceptable, else one of ours; see `RequestID`.
  public var requestID: String

  public init(
    method: String, target: String, path: String, query: String? = nil, version: HTTPVersion = .http11,
    headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], remoteAddress: String = "",
    requestID: String = ""
  ) {
    self.method = method
    self.target = target
    self.path = path
    self.query = query
    self.version = version
    self.headers = headers
    self.body = body
    self.remoteAddress = remoteAddress
    self.requestID = requestID
  }

  /// Whether the connection may serve another request after this one (RFC 9112 §9.3).
  public var keepsAlive: Bool {
    switch version {
    case .http11: !headers.lists("close", in: "connection")
    case .http10:
      headers.lists("keep-alive", in: "connection") && !headers.lists("close", in: "connection")
    }
  }
}

/// A response before framing: the connection adds the fields that frame it, and `Date` and `Server`.
public struct HTTPResponse: Sendable, Equatable {
  /// 200 to 599.
  public var status: Int
  public var headers: HTTPHeaders
  /// All of the body, or what goes before the stream.
  public var body: [UInt8]
  /// The rest of the body, which then has no Content-Length: it is chunked, and for HTTP/1.0 it ends with the
  /// connection.
  public var stream: HTTPBodyStream?

  public init(
    status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], stream: HTTPBodyStream? = nil
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.stream = stream
  }
}
