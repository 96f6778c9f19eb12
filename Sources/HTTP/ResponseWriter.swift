/// Writes the head of a response (RFC 9112 §4).
public enum ResponseWriter {
  /// What the connection knows about a response beside the response.
  public struct Context: Sendable {
    public enum Connection: Sendable {
      case keep
      /// Kept for an HTTP/1.0 client, which must be told.
      case keepHTTP10
      case close
    }

    public var connection: Connection
    /// IMF-fixdate.
    public var date: String
    public var requestID: String
    /// The request's.
    public var version: HTTPVersion

    public init(connection: Connection, date: String, requestID: String, version: HTTPVersion = .http11) {
      self.connection = connection
      self.date = date
      self.requestID = requestID
      self.version = version
    }
  }

  /// The interim response that invites a body (RFC 9110 §15.2.1).
  public static let continueBytes = [UInt8]("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  /// Whether a field of this name is written here.
  private static func isOurs(_ name: String) -> Bool {
    switch name.utf8.count {
    case 4: ASCII.equal(name, "date")
    case 6: ASCII.equal(name, "server")
    case 10: ASCII.equal(name, "connection")
    case 12: ASCII.equal(name, "x-request-id")
    case 14: ASCII.equal(name, "content-length")
    case 17: ASCII.equal(name, "transfer-encoding")
    case 22: ASCII.equal(name, "x-content-type-options")
    default: false
    }
  }

  /// The status line and header fields, with the empty line after them.
  ///
  /// Framing, `Date`, `Server`, `X-Content-Type-Options` and `X-Request-Id` are written here; fields of those
  /// names in the response are left out.
  /// - Throws: 500 when the status is not 200 to 599, or a field's name is not a token, or its value holds a
  ///   control character or one beyond Latin-1: such a field could forge others; or a stream comes with a
  ///   status that carries no body.
  public static func head(of response: HTTPResponse, _ context: Context) throws(HTTPError) -> [UInt8] {
    guard (200...599).contains(response.status), response.stream == nil || carriesBody(response.status) else {
      throw invalid
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(320)
    bytes.append(contentsOf: "HTTP/1.1 ".utf8)
    append(response.status, to: &bytes)
    bytes.append(ASCII.space)
    bytes.append(contentsOf: reason(response.status).utf8)
    bytes.append(contentsOf: "\r\n".utf8)
    for field in response.headers.fields where !isOurs(field.name) {
      guard !field.name.utf8.isEmpty, field.name.utf8.allSatisfy(ASCII.isToken) else { throw invalid }
      bytes.append(contentsOf: field.name.utf8)
      bytes.append(contentsOf: ": ".utf8)
      for scalar in field.value.unicodeScalars {
        guard let byte = UInt8(exactly: scalar.value), !ASCII.isControl(byte) || byte == ASCII.tab else {
          throw invalid
        }
        bytes.append(byte)
      }
      bytes.append(contentsOf: "\r\n".utf8)
    }
    if response.stream != nil {
      // HTTP/1.0 knows no chunks: there the end of the connection is the end of the body.
      if context.version == .http11 { bytes.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8) }
    } else if carriesBody(response.status) {
      bytes.append(contentsOf: "Content-Length: ".utf8)
      append(response.body.count, to: &bytes)
      bytes.append(contentsOf: "\r\n".utf8)
    }
    switch context.connection {
    case .keep: break
    case .keepHTTP10: bytes.append(contentsOf: "Connection: keep-alive\r\n".utf8)
    case .close: bytes.append(contentsOf: "Connection: close\r\n".utf8)
    }
    bytes.append(contentsOf: "Date: ".utf8)
    bytes.append(contentsOf: context.date.utf8)
    bytes.append(contentsOf: "\r\nServer: darkroom\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: ".utf8)
    bytes.append(contentsOf: context.requestID.utf8)
    bytes.append(contentsOf: "\r\n\r\n".utf8)
    return bytes
  }

  /// Decimal digits of a number that is not negative, without a `String` for them.
  private static func append(_ number: Int, to bytes: inout [UInt8]) {
    var scale = 1
    while number / scale >= 10 { scale *= 10 }
    while scale > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / scale % 10))
      scale /= 10
    }
  }

  /// Whether a response of this status has a body and a Content-Length (RFC 9110 §6.4.1, §8.6).
  public static func carriesBody(_ status: Int) -> Bool {
    status != 204 && status != 304
  }

  private static let invalid = HTTPError(
    status: 500, detail: "The server made an invalid response.", code: "invalid_response")

  private static func reason(_ status: Int) -> String {
    status == 200 ? "OK" : reasons[status] ?? "Status"
  }

  /// RFC 9110 §15, and RFC 6585 for 429 and 431.
  private static let reasons: [Int: String] = [
    201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
    301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
    307: "Temporary Redirect", 308: "Permanent Redirect",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict",
    410: "Gone", 411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large",
    414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable",
    417: "Expectation Failed", 421: "Misdirected Request", 422: "Unprocessable Content",
    429: "Too Many Requests", 431: "Request Header Fields Too Large",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
  ]
}
