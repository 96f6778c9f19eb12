import JSON

/// JSON Schema (draft 2020-12) of request bodies, from the descriptions that validate them.
///
/// It describes what is meant: that `"512"` is taken for 512 as well is not in it. Rules between fields, and names
/// that are looked up, are not either.
struct FieldSchema {
  /// Whether the values are a form's, where null cannot be said and pictures are files.
  var isForm = false

  static func body(_ table: FieldTable, files: [FormFile] = [], isForm: Bool = false) -> JSONValue {
    let writer = FieldSchema(isForm: isForm)
    var properties = JSONObject()
    for file in files { properties[file.name] = schema(file) }
    for field in table.fields where !(isForm && field.isRefused) {
      properties[field.name] = .object(writer.schema(field))
    }
    let required = files.filter(\.isRequired).map(\.name)
    return .object(object(properties, required: required + table.required))
  }

  private static func schema(_ file: FormFile) -> JSONValue {
    let one: JSONObject = ["type": "string", "contentMediaType": "application/octet-stream"]
    if !file.name.hasSuffix("[]") { return .object(one.with("description", .string(file.summary))) }
    return ["type": "array", "items": .object(one), "description": .string(file.summary)]
  }

  private static func object(_ properties: JSONObject, required: [String]) -> JSONObject {
    [
      "type": "object", "properties": .object(properties),
      "required": .array(required.map(JSONValue.string)), "additionalProperties": false,
    ]
  }

  private func schema(_ field: Field) -> JSONObject {
    var schema = allowed(field)
    if !field.isRequired, !isForm { schema.allowNull() }
    var words = field.summary
    if case .unsupported = field.support { words += " Not supported yet." }
    if !field.isRequired { words += " Default: \(field.fallback)." }
    return schema.with("description", .string(words))
  }

  /// Of the values that a field takes, apart from null.
  private func allowed(_ field: Field) -> JSONObject {
    if case .unsupported(let except) = field.support {
      return except.isEmpty ? ["type": "null"] : ["enum": .array(except.compactMap(\.json))]
    }
    var schema = kind(field.kind)
    switch field.rule {
    case .multiple(let step): schema["multipleOf"] = .number(JSONNumber(step))
    // PromptSyntax takes no NUL.
    case .promptSyntax: schema["pattern"] = #"^[^\u0000]*$"#
    default: break
    }
    return schema
  }

  private func kind(_ kind: Field.Kind) -> JSONObject {
    switch kind {
    case .integer(let range):
      return [
        "type": "integer", "minimum": .number(JSONNumber(range.lowerBound)),
        "maximum": .number(JSONNumber(range.upperBound)),
      ]
    case .number(let range):
      return [
        "type": "number", "minimum": JSONValue(floatLiteral: range.lowerBound),
        "maximum": JSONValue(floatLiteral: range.upperBound),
      ]
    case .text(let length):
      guard let length else { return ["type": "string"] }
      return [
        "type": "string", "minLength": .number(JSONNumber(length.lowerBound)),
        "maxLength": .number(JSONNumber(length.upperBound)),
      ]
    case .boolean: return ["type": "boolean"]
    case .choice(let choices): return ["type": "string", "enum": .array(choices.map(JSONValue.string))]
    case .picture:
      return isForm
        ? ["type": "string", "contentMediaType": "application/octet-stream"]
        : ["type": "string", "contentEncoding": "base64"]
    case .list(let element, let longest):
      return [
        "type": "array", "maxItems": .number(JSONNumber(longest)), "items": .object(self.kind(element)),
      ]
    case .object(let table): return Self.nested(table)
    case .objectOr(let table, let other):
      return ["anyOf": [.object(self.kind(other)), .object(Self.nested(table))]]
    }
  }

  /// An object within a body is JSON in a form too.
  private static func nested(_ table: FieldTable) -> JSONObject {
    var properties = JSONObject()
    for field in table.fields { properties[field.name] = .object(FieldSchema().schema(field)) }
    return object(properties, required: table.required)
  }
}

extension FieldTable {
  fileprivate var required: [String] { fields.filter(\.isRequired).map(\.name) }
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
    case .list, .object, .picture: nil
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
    if let kinds = self["anyOf"]?.arrayValue { self["anyOf"] = .array(kinds + [["type": "null"]]) }
    if let choices = self["enum"]?.arrayValue { self["enum"] = .array(choices + [.null]) }
  }
}
