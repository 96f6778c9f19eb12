import HTTP
import Images
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
      let (name, isElement) = Self.field(part.name, kinds)
      do throws(FieldProblem) {
        guard let value = try Self.value(of: part, name, kinds[name]) else { continue }
        let joins = isElement || kinds[name]?.isListOfPictures == true
        body[name] = try Self.joined(body[name], value, name, joins: joins)
      } catch {
        issues.append(ValidationIssue([.string(name)], error, input: .null))
      }
    }
    guard issues.isEmpty else { throw APIError(issues) }
    self.body = body
  }

  /// The field that a part is of: `NAME[]`, as browsers and PHP write it, is an element of the list `NAME`.
  private static func field(_ name: String, _ kinds: [String: Field.Kind]) -> (name: String, isElement: Bool)
  {
    guard name.hasSuffix("[]") else { return (name, false) }
    let list = String(name.dropLast(2))
    return kinds[list]?.isList == true ? (list, true) : (name, false)
  }

  /// - Returns: `nil` for an empty text where only texts can be empty, as FastAPI reads forms, and for a file that was
  ///   not chosen.
  private static func value(
    of part: MultipartPart, _ name: String, _ kind: Field.Kind?
  ) throws(FieldProblem) -> JSONValue? {
    // curl makes several parts of a text that begins with a bracket.
    if part.contentType?.mediaType.hasPrefix("multipart/") == true {
      throw .value("\(name) should be one part: with curl, use --form-string")
    }
    if let filename = part.filename, kind?.takesPicture == true {
      return try picture(part, filename, name)
    }
    guard let text = String(validating: part.body, as: UTF8.self) else {
      throw .value("\(name) is not UTF-8")
    }
    switch kind {
    case .text, nil: return .string(text)
    case .list, .object, .objectOr:
      if text.isEmpty { return nil }
      // A list of pictures may have each in a part of its own.
      guard let first = text.first, "[{n".contains(first) else {
        if kind?.takesPicture == true { return .string(text) }
        throw .value("\(name) should be JSON")
      }
      guard let value = try? JSONValue.parse(Array(part.body), limits: JSONBody.limits) else {
        throw .value("\(name) should be JSON")
      }
      return value
    default: return text.isEmpty ? nil : .string(text)
    }
  }

  /// The file in base64, with the type that its part says it is of: what is not so is refused where pictures are read.
  /// - Returns: `nil` where a browser's user chose none: a part without data or a name (HTML, "Constructing the entry
  ///   list").
  private static func picture(
    _ part: MultipartPart, _ filename: String, _ name: String
  ) throws(FieldProblem) -> JSONValue? {
    guard !part.body.isEmpty else {
      if filename.isEmpty { return nil }
      throw .value("\(name) is an empty file")
    }
    let encoded = part.body.withUnsafeBufferPointer(Base64.encoded)
    guard let type = part.contentType?.mediaType, !PictureReader.undeclared.contains(type) else {
      return .string(encoded)
    }
    guard let format = ImageFormat(mediaType: type) else {
      throw .value("\(name) should be a PNG, JPEG or WebP picture, and its part says that it is none")
    }
    return .string("data:\(format.mediaType);base64,\(encoded)")
  }

  /// - Parameter joins: whether parts of this name are elements of one list; any other may be there once.
  private static func joined(
    _ before: JSONValue?, _ value: JSONValue, _ name: String, joins: Bool
  ) throws(FieldProblem) -> JSONValue {
    guard joins else {
      guard before == nil else { throw .value("\(name) is there more than once") }
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

  /// Whether it is a list, or may be one.
  fileprivate var isList: Bool {
    switch self {
    case .list: true
    case .objectOr(_, let other): other.isList
    case .integer, .number, .text, .boolean, .choice, .picture, .object: false
    }
  }

  fileprivate var isListOfPictures: Bool { if case .list = self { takesPicture } else { false } }
}
