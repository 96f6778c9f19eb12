import JSON

/// JSON Schema (draft 2020-12) of request bodies, from the descriptions that validate them.
///
/// It describes what is meant: that `"512"` is taken for 512 as well is not in it. Rules between fields, and names
/// that are looked up, are not either.
enum FieldSchema {
  /// - Parameter isForm: whether the values are a form's, where null cannot be said.
  static func body(_ table: FieldTable, files: [FormFile] = [], isForm: Bool = false) -> JSONValue {
    var properties = JSONObject()
    for file in files { properties[file.name] = schema(file) }
    for field in table.fields where !(isForm && field.isRefused) {
      properties[field.name] = .object(schema(field, isNullable: !field.isRequired && !isForm))
    }
    let required =
      files.filter(\.isRequired).map(\.name) + table.fields.filter(\.isRequired).map(\.name)
    return [
      "type": "object", "properties": .object(properties),
      "required": .array(required.map(JSONValue.string)), "additionalProperties": false,
    ]
  }

  private static func schema(_ file: FormFile) -> JSONValue {
    let one: JSONObject = ["type": "string", "contentMediaType": "application/octet-stream"]
    if !file.name.hasSuffix("[]") { return .object(one.with("description", .string(file.summary))) }
    return ["type": "array", "items": .object(one), "description": .string(file.summary)]
  }

  private static func schema(_ field: Field, isNullable: Bool) -> JSONObject {
    var schema = allowed(field)
    if isNullable { schema.allowNull() }
    var words = field.summary
    if case .unsupported = field.support { words += " Not supported yet." }
    if !field.isRequired { words += " Default: \(field.fallback)." }
    return schema.with("description", .string(words))
  }

  /// Of the values that a field takes, apart from null.
  private static func allowed(_ field: Field) -> JSONObject {
    guard case .unsupported(let except) = field.support else { return kind(field) }
    switch field.kind {
    case .list, .structure, .pictures: return ["type": "array", "maxItems": 0]
    default: return except.isEmpty ? ["type": "null"] : ["enum": .array(except.compactMap(\.json))]
    }
  }

  private static func kind(_ field: Field) -> JSONObject {
    switch field.kind {
    case .integer(let range):
      var schema: JSONObject = [
        "type": "integer", "minimum": .number(JSONNumber(range.lowerBound)),
        "maximum": .number(JSONNumber(range.upperBound)),
      ]
      if case .multiple(let step)? = field.rule { schema["multipleOf"] = .number(JSONNumber(step)) }
      return schema
    case .number(let range):
      return [
        "type": "number", "minimum": JSONValue(floatLiteral: range.lowerBound),
        "maximum": JSONValue(floatLiteral: range.upperBound),
      ]
    case .text(let length):
      var schema: JSONObject = ["type": "string"]
      if let length {
        schema["minLength"] = .number(JSONNumber(length.lowerBound))
        schema["maxLength"] = .number(JSONNumber(length.upperBound))
      }
      // PromptSyntax takes no NUL.
      if field.rule == .promptSyntax { schema["pattern"] = #"^[^\u0000]*$"# }
      return schema
    case .boolean: return ["type": "boolean"]
    case .choice(let choices): return ["type": "string", "enum": .array(choices.map(JSONValue.string))]
    case .list(let longest): return ["type": "array", "maxItems": .number(JSONNumber(longest))]
    case .structure: return ["type": ["object", "array"]]
    case .picture: return ["type": "string", "contentEncoding": "base64"]
    case .pictures(let most):
      return [
        "type": "array", "maxItems": .number(JSONNumber(most)), "items": ["type": ["string", "object"]],
      ]
    }
  }
}

extension Field {
  /// Whether every value of it is refused.
  fileprivate var isRefused: Bool { support == .unsupported(except: []) }
}

extension FieldValue {
  fileprivate var json: JSONValue? {
    switch self {
    case .integer(let value): .number(JSONNumber(value))
    case .number(let value): JSONNumber(value).map(JSONValue.number)
    case .text(let value): .string(value)
    case .boolean(let value): .bool(value)
    case .list, .structure, .picture: nil
    }
  }
}

extension JSONObject {
  func with(_ key: String, _ value: JSONValue) -> JSONObject {
    var object = self
    object[key] = value
    return object
  }

  /// Makes a schema allow null too.
  mutating func allowNull() {
    switch self["type"] {
    case .string("null")?: break
    case .string(let type)?: self["type"] = [.string(type), "null"]
    case .array(let types)?: self["type"] = .array(types + ["null"])
    default: break
    }
    if let choices = self["enum"]?.arrayValue { self["enum"] = .array(choices + [.null]) }
  }
}
