import JSON

// A JSON value as one of a field's kind, looked at in pydantic's order and refused in its words.
extension JSONValue {
  func integer(in range: ClosedRange<Int>) throws(FieldProblem) -> Int {
    let below = FieldProblem(
      "greater_than_equal", "Input should be greater than or equal to \(range.lowerBound)",
      ["ge": .number(JSONNumber(range.lowerBound))])
    let above = FieldProblem(
      "less_than_equal", "Input should be less than or equal to \(range.upperBound)",
      ["le": .number(JSONNumber(range.upperBound))])
    switch try LaxNumber.integer(self) {
    case .below: throw below
    case .above: throw above
    case .value(let value):
      if value < range.lowerBound { throw below }
      if value > range.upperBound { throw above }
      return value
    }
  }

  func number(in range: ClosedRange<Double>) throws(FieldProblem) -> Double {
    let value = try LaxNumber.double(self)
    // Spelt so that NaN is refused, at the upper bound as pydantic does.
    guard value <= range.upperBound else {
      throw FieldProblem(
        "less_than_equal", "Input should be less than or equal to \(range.upperBound.shortText)",
        ["le": JSONValue(floatLiteral: range.upperBound)])
    }
    guard value >= range.lowerBound else {
      throw FieldProblem(
        "greater_than_equal", "Input should be greater than or equal to \(range.lowerBound.shortText)",
        ["ge": JSONValue(floatLiteral: range.lowerBound)])
    }
    return value
  }

  func text(_ length: ClosedRange<Int>?) throws(FieldProblem) -> String {
    guard case .string(let text) = self else {
      throw FieldProblem("string_type", "Input should be a valid string")
    }
    guard let length else { return text }
    let count = text.unicodeScalars.count
    if count < length.lowerBound {
      throw FieldProblem(
        "string_too_short", "String should have at least \(characters(length.lowerBound))",
        ["min_length": .number(JSONNumber(length.lowerBound))])
    }
    if count > length.upperBound {
      throw FieldProblem(
        "string_too_long", "String should have at most \(characters(length.upperBound))",
        ["max_length": .number(JSONNumber(length.upperBound))])
    }
    return text
  }

  private func characters(_ count: Int) -> String { "\(count) character\(count == 1 ? "" : "s")" }

  func boolean() throws(FieldProblem) -> Bool {
    let unclear = FieldProblem(
      "bool_parsing", "Input should be a valid boolean, unable to interpret input")
    switch self {
    case .bool(let flag): return flag
    case .string(let text):
      switch text.lowercased() {
      case "1", "t", "true", "y", "yes", "on": return true
      case "0", "f", "false", "n", "no", "off": return false
      default: throw unclear
      }
    case .number(let number):
      switch number.double {
      case 1: return true
      case 0: return false
      case let value?: if Int(exactly: value) != nil { throw unclear }
      case nil: break
      }
    default: break
    }
    throw FieldProblem("bool_type", "Input should be a valid boolean")
  }

  func choice(of choices: [String]) throws(FieldProblem) -> String {
    if case .string(let text) = self, choices.contains(text) { return text }
    let quoted = choices.map { "'\($0)'" }
    let expected =
      quoted.count > 1
      ? quoted.dropLast().joined(separator: ", ") + " or " + (quoted.last ?? "") : quoted.joined()
    throw FieldProblem("literal_error", "Input should be \(expected)", ["expected": .string(expected)])
  }

  func list(upTo longest: Int) throws(FieldProblem) -> [JSONValue] {
    guard case .array(let elements) = self else {
      throw FieldProblem("list_type", "Input should be a valid list")
    }
    guard elements.count <= longest else {
      throw FieldProblem(
        "too_long", "List should have at most \(longest) items after validation, not \(elements.count)",
        [
          "field_type": "List", "max_length": .number(JSONNumber(longest)),
          "actual_length": .number(JSONNumber(elements.count)),
        ])
    }
    return elements
  }

  /// FastAPI reads bodies from attributes too, hence the words.
  func object() throws(FieldProblem) -> JSONObject {
    guard case .object(let object) = self else {
      throw FieldProblem(
        "model_attributes_type",
        "Input should be a valid dictionary or object to extract fields from")
    }
    return object
  }
}

extension Double {
  /// Without the `.0` of a whole number.
  var shortText: String {
    let text = description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
