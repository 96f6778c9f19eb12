import HTTP
import JSON

/// Reads the JSON object a request carries.
enum JSONBody {
  /// A body has some forty fields; far more values than these are an attack on the list of mistakes.
  static let limits = JSONLimits(values: 10_000)

  /// - Throws: 415 without `application/json`.
  static func checkType(_ headers: HTTPHeaders) throws(APIError) {
    let types = headers.all("Content-Type")
    guard types.count == 1, isJSON(types[0]) else {
      throw APIError(
        415, "unsupported_media_type",
        "The body should be JSON and say so: with curl, add -H 'Content-Type: application/json'")
    }
  }

  /// - Throws: 422 as FastAPI words it.
  static func object(of body: [UInt8]) throws(APIError) -> JSONObject {
    let missing = ValidationIssue([], FieldProblem("missing", "Field required"), input: .null)
    guard !body.isEmpty else { throw APIError([missing]) }
    let value: JSONValue
    do {
      value = try JSONValue.parse(body, limits: limits)
    } catch {
      let problem = FieldProblem(
        "json_invalid", "JSON decode error", ["error": .string(error.message)])
      throw APIError([ValidationIssue([.number(JSONNumber(error.position))], problem, input: [:])])
    }
    switch value {
    case .object(let object): return object
    case .null: throw APIError([missing])
    default:
      let problem = FieldProblem(
        "model_attributes_type", "Input should be a valid dictionary or object to extract fields from")
      throw APIError([ValidationIssue([], problem, input: value)])
    }
  }

  private static func isJSON(_ contentType: String) -> Bool {
    contentType.mediaType == "application/json"
  }
}
