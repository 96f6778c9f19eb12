import HTTP
import JSON

/// The form of `POST /generate`: its parts become the members of the JSON body that they stand for.
struct GenerateForm {
  /// As `application/json` has them; pictures in base64.
  let body: JSONObject

  /// - Throws: 400 for what is no form; 422 for the mistakes of its parts, all at once.
  init(_ bytes: [UInt8], contentType: String) throws(APIError) {
    let parts: [MultipartPart]
    do {
      parts = try Multipart.parse(bytes, contentType: contentType)
    } catch {
      throw APIError(400, "bad_form", error.detail)
    }
    let kinds = Dictionary(
      FieldTable.generate.fields.map { ($0.name, $0.kind) }, uniquingKeysWith: { first, _ in first })
    var body = JSONObject()
    var issues: [ValidationIssue] = []
    for part in parts {
      do throws(FieldProblem) {
        guard let value = try Self.value(of: part, kinds[part.name]) else { continue }
        body[part.name] = try Self.joined(body[part.name], value, part, kinds[part.name])
      } catch {
        issues.append(ValidationIssue([.string(part.name)], error, input: .null))
      }
    }
    guard issues.isEmpty else { throw APIError(issues) }
    self.body = body
  }

  /// - Returns: `nil` for an empty text where only texts can be empty, as FastAPI reads forms.
  private static func value(
    of part: MultipartPart, _ kind: Field.Kind?
  ) throws(FieldProblem) -> JSONValue? {
    // curl makes several parts of a text that begins with a bracket.
    if part.contentType?.mediaType.hasPrefix("multipart/") == true {
      throw .value("\(part.name) should be one part: with curl, use --form-string")
    }
    if part.filename != nil, kind?.takesPicture == true {
      return part.body.isEmpty ? nil : .string(part.body.withUnsafeBufferPointer(Base64.encoded))
    }
    guard let text = String(validating: part.body, as: UTF8.self) else {
      throw .value("\(part.name) is not UTF-8")
    }
    switch kind {
    case .text, nil: return .string(text)
    case .list, .object, .objectOr:
      if text.isEmpty { return nil }
      // A list of pictures may have each in a part of its own.
      guard let first = text.first, "[{n".contains(first) else {
        if kind?.takesPicture == true { return .string(text) }
        throw .value("\(part.name) should be JSON")
      }
      guard let value = try? JSONValue.parse(Array(part.body), limits: JSONBody.limits) else {
        throw .value("\(part.name) should be JSON")
      }
      return value
    default: return text.isEmpty ? nil : .string(text)
    }
  }

  /// Parts of one name are the elements of a list of pictures; any other may be there once.
  private static func joined(
    _ before: JSONValue?, _ value: JSONValue, _ part: MultipartPart, _ kind: Field.Kind?
  ) throws(FieldProblem) -> JSONValue {
    guard case .list = kind, kind?.takesPicture == true else {
      guard before == nil else { throw .value("\(part.name) is there more than once") }
      return value
    }
    if case .array = value, before == nil { return value }
    return .array((before?.arrayValue ?? []) + (value.arrayValue ?? [value]))
  }
}

extension Field.Kind {
  /// Whether a picture alone is such a value, or an element of it.
  fileprivate var takesPicture: Bool {
    switch self {
    case .picture: true
    case .list(let element, _): element.takesPicture
    case .objectOr(_, let other): other.takesPicture
    case .integer, .number, .text, .boolean, .choice, .object: false
    }
  }
}
