/// A request that was refused before any handler saw it.
public struct HTTPError: Error, Sendable, Equatable {
  /// The HTTP status to answer with, 400 to 599.
  public let status: Int
  /// What is wrong, in fixed words: nothing the client sent is repeated.
  public let detail: String
  /// A stable name for programs, such as `bad_header`.
  public let code: String

  public init(status: Int, detail: String, code: String) {
    self.status = status
    self.detail = detail
    self.code = code
  }
}

extension HTTPError {
  static func badRequestLine(_ detail: String) -> HTTPError {
    HTTPError(status: 400, detail: detail, code: "bad_request_line")
  }

  static func badTarget(_ detail: String) -> HTTPError {
    HTTPError(status: 400, detail: detail, code: "bad_target")
  }

  static func badHeader(_ detail: String) -> HTTPError {
    HTTPError(status: 400, detail: detail, code: "bad_header")
  }

  static func badHost(_ detail: String) -> HTTPError {
    HTTPError(status: 400, detail: detail, code: "bad_host")
  }

  static func badFraming(_ detail: String) -> HTTPError {
    HTTPError(status: 400, detail: detail, code: "bad_framing")
  }

  static func badChunk(_ detail: String) -> HTTPError {
    HTTPError(status: 400, detail: detail, code: "bad_chunk")
  }

  static let headersTooLarge = HTTPError(
    status: 431, detail: "The header fields are too large or too many.", code: "headers_too_large")

  static let bodyTooLarge = HTTPError(
    status: 413, detail: "The body is larger than this server accepts.", code: "body_too_large")
}
