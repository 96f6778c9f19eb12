import JSON

/// What is wrong with one value, in pydantic's words (pydantic 2 `errors`).
struct FieldProblem: Error, Equatable {
  let type: String
  let message: String
  var context: JSONObject?

  init(_ type: String, _ message: String, _ context: JSONObject? = nil) {
    (self.type, self.message, self.context) = (type, message, context)
  }

  /// What a validator of our own found.
  static func value(_ message: String) -> FieldProblem {
    FieldProblem("value_error", "Value error, \(message)", ["error": [:]])
  }

  /// Without pydantic's opening, which belongs to a list of mistakes.
  var plainMessage: String { String(message.trimmingPrefix("Value error, ")) }

  static func unsupported(_ name: String) -> FieldProblem { .value("\(name) is not supported yet") }
}

/// One entry of a 422 list, in FastAPI's form without `url`.
struct ValidationIssue: Equatable {
  let location: [JSONValue]
  let problem: FieldProblem
  let input: JSONValue

  /// Longer texts are cut in the echo of a `value_error`: they are pictures, and nobody parses them there.
  static let echoLimit = 1000

  /// - Parameter path: from the body's root.
  init(_ path: [JSONValue], _ problem: FieldProblem, input: JSONValue) {
    location = ["body"] + path
    self.problem = problem
    if problem.type == "value_error", case .string(let text) = input,
      text.unicodeScalars.count > Self.echoLimit
    {
      self.input = .string(String(text.unicodeScalars.prefix(Self.echoLimit)) + "…")
    } else {
      self.input = input
    }
  }

  /// - Parameter echo: what is left to be repeated to the client.
  func json(_ echo: inout Echo) -> JSONValue {
    var object: JSONObject = [
      "type": .string(problem.type), "loc": .array(echo.shortened(location)), "msg": .string(problem.message),
      "input": echo.cut(input).respelt,
    ]
    if let context = problem.context { object["ctx"] = .object(context) }
    return .object(object)
  }
}

extension JSONValue {
  /// The same value with its numbers spelt as Python spells them: `1.50` is `1.5`, `1e2` is `100.0`.
  fileprivate var respelt: JSONValue {
    switch self {
    case .number(let number):
      if number.isIntegerLiteral { return number.text == "-0" ? 0 : self }
      return number.double.flatMap { JSONNumber($0) }.map(JSONValue.number) ?? self
    case .array(let elements): return .array(elements.map(\.respelt))
    case .object(var object):
      for index in object.members.indices {
        object.members[index].value = object.members[index].value.respelt
      }
      return .object(object)
    default: return self
    }
  }
}
