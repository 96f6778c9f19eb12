import JSON

/// What is wrong with a body whose fields are each right: gathered, so that the client is told all at once.
struct Mistakes {
  private(set) var issues: [ValidationIssue] = []
  private let body: JSONObject

  init(in body: JSONObject) { self.body = body }

  mutating func note(_ message: String, at path: FieldPath) {
    issues.append(ValidationIssue(path.steps, .value(message), input: body.value(at: path)))
  }

  mutating func note(_ message: String, at field: String) { note(message, at: FieldPath(field)) }
}

extension JSONObject {
  /// What stands there; null where nothing does.
  func value(at path: FieldPath) -> JSONValue {
    path.steps.reduce(.object(self)) { value, step in
      switch step {
      case .string(let name): value[name] ?? .null
      case .number(let number):
        number.int.flatMap { index in
          value.arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil }
        } ?? .null
      default: .null
      }
    }
  }

  /// The same with every long text cut, as it is where it is told again: what is kept of a body while its job waits.
  func abbreviated() -> JSONObject {
    var object = self
    for index in object.members.indices {
      object.members[index].value = object.members[index].value.abbreviated()
    }
    return object
  }
}

extension JSONValue {
  fileprivate func abbreviated() -> JSONValue {
    switch self {
    case .string(let text):
      // One more than an echo shows, so that it still says that there was more.
      text.utf8.count <= ValidationIssue.echoLimit
        ? self : .string(String(text.unicodeScalars.prefix(ValidationIssue.echoLimit + 1)))
    case .array(let elements): .array(elements.map { $0.abbreviated() })
    case .object(let object): .object(object.abbreviated())
    default: self
    }
  }
}
