import Generation
import HTTP
import JSON

/// The members that a JSON object may have: the whole body, or an object in it.
struct FieldTable: Sendable, Equatable {
  let fields: [Field]

  /// - Throws: all mistakes of the body: of the fields in the table's order, then the keys it does not know.
  func validate(_ body: JSONObject) throws(APIError) -> FieldValues {
    var reader = BodyReader(style: PromptStyle(asked: body["prompt_style"]))
    let values = reader.read(body, as: self, at: FieldPath())
    guard reader.issues.isEmpty else { throw APIError(reader.issues) }
    return values
  }

  /// Whether validating such a body decodes pictures, which takes long.
  func hasPictures(_ body: JSONObject) -> Bool {
    fields.contains { field in
      field.kind.holdsPictures && body[field.name] != nil && body[field.name] != .null
    }
  }
}

extension Field.Kind {
  fileprivate var holdsPictures: Bool {
    switch self {
    case .picture: true
    case .list(let element, _): element.holdsPictures
    case .object(let table): table.fields.contains { $0.kind.holdsPictures }
    case .objectOr(let table, let other):
      other.holdsPictures || table.fields.contains { $0.kind.holdsPictures }
    case .integer, .number, .text, .boolean, .choice: false
    }
  }
}

/// The values of one object; an absent field and a null one are the same.
struct FieldValues: Sendable, Equatable {
  let values: [String: FieldValue]

  /// The fields that have a value.
  var names: Set<String> { Set(values.keys) }

  subscript(name: String) -> FieldValue? { values[name] }

  func integer(_ name: String) -> Int? {
    if case .integer(let value) = values[name] { value } else { nil }
  }

  func number(_ name: String) -> Double? {
    if case .number(let value) = values[name] { value } else { nil }
  }

  func text(_ name: String) -> String? {
    if case .text(let value) = values[name] { value } else { nil }
  }

  func boolean(_ name: String) -> Bool? {
    if case .boolean(let value) = values[name] { value } else { nil }
  }

  func picture(_ name: String) -> PictureInput? {
    if case .picture(let value) = values[name] { value } else { nil }
  }

  func object(_ name: String) -> FieldValues? {
    if case .object(let value) = values[name] { value } else { nil }
  }

  /// The elements of a list; none where there is no list.
  func list(_ name: String) -> [FieldValue] {
    if case .list(let elements) = values[name] { elements } else { [] }
  }

  /// The elements of a list of numbers; `nil` where there is no list.
  func numbers(_ name: String) -> [Float]? {
    guard case .list(let elements) = values[name] else { return nil }
    return elements.compactMap { if case .number(let value) = $0 { Float(value) } else { nil } }
  }

  /// One of the names that an enumeration has.
  func choice<Choice: RawRepresentable<String>>(_ name: String) -> Choice? {
    text(name).flatMap(Choice.init)
  }
}
