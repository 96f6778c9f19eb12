import Generation
import JSON

extension Field {
  /// - Parameters:
  ///   - style: how the prompts of this body are to be read.
  ///   - pictures: reads those of this body, and knows those of the fields before this one.
  func validate(
    _ input: JSONValue, style: PromptStyle, _ pictures: inout PictureReader
  ) throws(FieldProblem) -> FieldValue {
    let value = try coerce(input, &pictures)
    try check(value, style: style, pictures)
    if case .unsupported(let except) = support, !except.contains(value), !value.isEmpty {
      throw .unsupported(name)
    }
    return value
  }

  private func coerce(
    _ input: JSONValue, _ pictures: inout PictureReader
  ) throws(FieldProblem) -> FieldValue {
    switch kind {
    case .integer(let range): return .integer(try integer(input, in: range))
    case .number(let range): return .number(try number(input, in: range))
    case .text(let length): return .text(try text(input, length))
    case .boolean: return .boolean(try boolean(input))
    case .choice(let choices): return .text(try choice(input, of: choices))
    case .list(let longest): return .list(try list(input, upTo: longest))
    case .structure:
      switch input {
      case .object, .array: return .structure(input)
      default: throw .value("\(name) should be an object or an array")
      }
    case .picture: return .picture(try pictures.read(try text(input, nil), field: name))
    case .pictures(let most):
      let elements = try list(input, upTo: most)
      for (index, element) in elements.enumerated() {
        let picture = if case .object(let object) = element { object["image"] ?? .null } else { element }
        guard case .string(let text) = picture else {
          throw .value("\(name)[\(index)] should be a picture in base64, or an object with one as image")
        }
        _ = try pictures.read(text, field: "\(name)[\(index)]")
      }
      return .list(elements)
    }
  }

  private func check(
    _ value: FieldValue, style: PromptStyle, _ pictures: PictureReader
  ) throws(FieldProblem) {
    switch (rule, value) {
    case (.multiple(let step), .integer(let value)) where !value.isMultiple(of: step):
      throw .value("\(name) should be a multiple of \(step)")
    case (.promptSyntax, .text(let text)): try PromptSyntax.check(text, style: style)
    case (.scheduler, .text(let text)): _ = try SchedulerNames.find(text)
    case (.mediaType(let field), .text(let text)):
      if let format = pictures.formats[field] { try PictureReader.check(text, format, field) }
    default: break
    }
  }
}

// The kinds, each in the order in which pydantic looks.
extension Field {
  private func integer(_ input: JSONValue, in range: ClosedRange<Int>) throws(FieldProblem) -> Int {
    let below = FieldProblem(
      "greater_than_equal", "Input should be greater than or equal to \(range.lowerBound)",
      ["ge": .number(JSONNumber(range.lowerBound))])
    let above = FieldProblem(
      "less_than_equal", "Input should be less than or equal to \(range.upperBound)",
      ["le": .number(JSONNumber(range.upperBound))])
    switch try LaxNumber.integer(input) {
    case .below: throw below
    case .above: throw above
    case .value(let value):
      if value < range.lowerBound { throw below }
      if value > range.upperBound { throw above }
      return value
    }
  }

  private func number(_ input: JSONValue, in range: ClosedRange<Double>) throws(FieldProblem) -> Double {
    let value = try LaxNumber.double(input)
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

  private func text(_ input: JSONValue, _ length: ClosedRange<Int>?) throws(FieldProblem) -> String {
    guard case .string(let text) = input else {
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

  private func boolean(_ input: JSONValue) throws(FieldProblem) -> Bool {
    let unclear = FieldProblem(
      "bool_parsing", "Input should be a valid boolean, unable to interpret input")
    switch input {
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

  private func choice(_ input: JSONValue, of choices: [String]) throws(FieldProblem) -> String {
    if case .string(let text) = input, choices.contains(text) { return text }
    let quoted = choices.map { "'\($0)'" }
    let expected =
      quoted.count > 1
      ? quoted.dropLast().joined(separator: ", ") + " or " + (quoted.last ?? "") : quoted.joined()
    throw FieldProblem("literal_error", "Input should be \(expected)", ["expected": .string(expected)])
  }

  private func list(_ input: JSONValue, upTo longest: Int) throws(FieldProblem) -> [JSONValue] {
    guard case .array(let elements) = input else {
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
}

extension FieldValue {
  /// An empty list asks for nothing.
  fileprivate var isEmpty: Bool {
    switch self {
    case .list(let elements): elements.isEmpty
    case .structure(.array(let elements)): elements.isEmpty
    default: false
    }
  }
}

extension Double {
  /// Without the `.0` of a whole number.
  var shortText: String {
    let text = description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
