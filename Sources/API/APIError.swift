import HTTP
import JSON

/// A refusal as clients see it: a status, a stable code, and words or a list of mistakes.
struct APIError: Error, Equatable {
  enum Detail: Equatable {
    case text(String)
    /// FastAPI's form of status 422.
    case list([ValidationIssue])

    /// In words alone.
    var plainText: String {
      switch self {
      case .text(let text): text
      case .list(let issues): issues.map(\.problem.plainMessage).joined(separator: "; ")
      }
    }
  }

  var status: Int
  /// Stable: clients may branch on it.
  var code: String
  var detail: Detail
  /// Whole seconds, at least 1.
  var retryAfter: Int?
  /// Beside `Content-Type` and `Retry-After`.
  var headers = HTTPHeaders()

  init(_ status: Int, _ code: String, _ detail: String, retryAfter: Int? = nil) {
    (self.status, self.code, self.detail, self.retryAfter) = (status, code, .text(detail), retryAfter)
  }

  init(_ issues: [ValidationIssue]) {
    (status, code, detail) = (422, "validation_error", .list(issues))
  }

  static let internalCode = "internal_error"
  static let cancelled = APIError(409, "cancelled", "The job was cancelled")
  static let unexpected = APIError(500, internalCode, "Internal Server Error")

  var response: HTTPResponse {
    var echo = Echo()
    let detail: JSONValue =
      switch self.detail {
      case .text(let text): .string(text)
      case .list(let issues): .array(issues.map { $0.json(&echo) })
      }
    var response = HTTPResponse.json(["detail": detail, "code": .string(code)], status: status)
    if let retryAfter { response.headers.add("Retry-After", String(retryAfter)) }
    for field in headers.fields { response.headers.add(field.name, field.value) }
    return response
  }
}

extension HTTPResponse {
  static func json(_ value: JSONValue, status: Int = 200) -> HTTPResponse {
    var headers = HTTPHeaders()
    headers.add("Content-Type", "application/json")
    return HTTPResponse(status: status, headers: headers, body: value.encoded())
  }
}
