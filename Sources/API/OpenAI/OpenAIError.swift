import HTTP
import JSON

extension APIError {
  /// The response for a request to a route of that form.
  func response(as form: ErrorForm, to request: HTTPRequest) -> HTTPResponse {
    switch form {
    case .plain: response
    case .openAI: openAIResponse
    case .page: status == 401 && request.wantsPage ? DocsPage.response(status: 401, headers) : response
    }
  }

  /// As OpenAI's API tells errors, with the fields by which its clients decide whether to try again.
  ///
  /// A wrong field is 400 there, and only the first of them is told apart.
  var openAIResponse: HTTPResponse {
    var error: JSONObject = ["message": .null, "type": .string(kind), "param": .null, "code": .string(code)]
    var status = status
    switch detail {
    case .text(let text):
      error["message"] = .string(text)
      if code == "model_not_found" { error["param"] = "model" }
    case .list(let issues):
      status = 400
      error["message"] = .string(issues.map(\.sentence).joined(separator: "; "))
      error["param"] = issues.first?.field.map(JSONValue.string) ?? .null
      error["code"] = .string(issues.first?.openAICode ?? code)
    }
    var response = HTTPResponse.json(["error": .object(error)], status: status)
    if let retryAfter {
      response.headers.add("Retry-After", String(retryAfter))
      response.headers.add("Retry-After-Ms", String(retryAfter * 1000))
    }
    // Else its clients try any 409, 429 and 5xx again.
    if status == 409 || status == 429 || status >= 500 {
      response.headers.add("X-Should-Retry", retryAfter == nil ? "false" : "true")
    }
    for field in headers.fields { response.headers.add(field.name, field.value) }
    return response
  }

  private var kind: String {
    switch status {
    case 401: "authentication_error"
    case 403: "permission_error"
    case 429: "rate_limit_error"
    case 500...: "server_error"
    default: "invalid_request_error"
    }
  }
}

extension ValidationIssue {
  fileprivate var field: String? {
    if case .string(let name)? = location.dropFirst().first { name } else { nil }
  }

  fileprivate var sentence: String { (field.map { "\($0): " } ?? "") + problem.plainMessage }

  fileprivate var openAICode: String {
    switch problem.type {
    case "missing": "missing_required_parameter"
    case "extra_forbidden": "unknown_parameter"
    case "string_too_long": "string_above_max_length"
    case "string_too_short": "string_below_min_length"
    case "int_type", "int_from_float", "int_parsing", "float_type", "float_parsing", "string_type",
      "bool_type", "bool_parsing", "list_type", "model_attributes_type":
      "invalid_type"
    default: "invalid_value"
    }
  }
}
