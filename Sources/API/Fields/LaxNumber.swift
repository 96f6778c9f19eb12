import JSON

/// Numbers as pydantic reads them in its lax mode, where `"512"`, `512.0` and `true` are integers too.
///
/// Source: pydantic 2, "Conversion table"; the fixture fastapi_422.json holds its answers.
enum LaxNumber {
  /// An integer, or on which side of the 64-bit ones it lies.
  enum Whole: Equatable {
    case value(Int)
    case below
    case above
  }

  /// The digits pydantic reads of a text.
  private static let longestText = 4300

  static func integer(_ input: JSONValue) throws(FieldProblem) -> Whole {
    switch input {
    case .bool(let flag): return .value(flag ? 1 : 0)
    case .number(let number): return try integer(number)
    case .string(let text): return try integer(text)
    default: throw FieldProblem("int_type", "Input should be a valid integer")
    }
  }

  private static func integer(_ number: JSONNumber) throws(FieldProblem) -> Whole {
    if number.isIntegerLiteral {
      return number.int.map(Whole.value) ?? (number.text.hasPrefix("-") ? .below : .above)
    }
    guard let value = number.double else { throw notFinite }
    guard value == value.rounded(.towardZero) else {
      throw FieldProblem(
        "int_from_float", "Input should be a valid integer, got a number with a fractional part")
    }
    guard value > Double(Int.min), let whole = Int(exactly: value) else { throw tooLong }
    return .value(whole)
  }

  private static func integer(_ text: String) throws(FieldProblem) -> Whole {
    let problem = FieldProblem(
      "int_parsing", "Input should be a valid integer, unable to parse string as an integer")
    var bytes = trimmed(text)
    guard bytes.count <= longestText else { throw tooLong }
    var negative = false
    if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      negative = sign == UInt8(ascii: "-")
      bytes.removeFirst()
    }
    if let dot = bytes.firstIndex(of: UInt8(ascii: ".")) {
      let fraction = bytes[bytes.index(after: dot)...]
      guard !fraction.isEmpty, fraction.allSatisfy({ $0 == UInt8(ascii: "0") }) else { throw problem }
      bytes = bytes[..<dot]
    }
    guard let digits = withoutUnderscores(bytes), !digits.isEmpty, digits.allSatisfy(isDigit) else {
      throw problem
    }
    let literal = (negative ? "-" : "") + String(decoding: digits, as: UTF8.self)
    return Int(literal).map(Whole.value) ?? (negative ? .below : .above)
  }

  /// Texts may spell infinities and NaN; the bounds of the field refuse them.
  static func double(_ input: JSONValue) throws(FieldProblem) -> Double {
    switch input {
    case .bool(let flag): return flag ? 1 : 0
    case .number(let number):
      guard let value = number.double else { throw notFinite }
      return value
    case .string(let text):
      guard let value = double(text) else {
        throw FieldProblem(
          "float_parsing", "Input should be a valid number, unable to parse string as a number")
      }
      return value
    default: throw FieldProblem("float_type", "Input should be a valid number")
    }
  }

  private static func double(_ text: String) -> Double? {
    guard let bytes = withoutUnderscores(trimmed(text)) else { return nil }
    let unsigned =
      bytes.first.map { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") } == true
      ? bytes.dropFirst() : bytes[...]
    let literal = String(decoding: bytes, as: UTF8.self).lowercased()
    let word = String(decoding: unsigned, as: UTF8.self).lowercased()
    if ["inf", "infinity", "nan"].contains(word) { return Double(literal) }
    return isDecimal(unsigned) ? Double(literal) : nil
  }

  /// Digits, a point among or beside them, an exponent: `Double`'s own reader takes hexadecimal too.
  private static func isDecimal(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    func digits() -> Int {
      let count = rest.prefix(while: isDigit).count
      rest = rest.dropFirst(count)
      return count
    }
    var mantissa = digits()
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      mantissa += digits()
    }
    guard mantissa > 0 else { return false }
    if let mark = rest.first, mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
        rest = rest.dropFirst()
      }
      guard digits() > 0 else { return false }
    }
    return rest.isEmpty
  }

  private static var notFinite: FieldProblem {
    FieldProblem("finite_number", "Input should be a finite number")
  }

  private static var tooLong: FieldProblem {
    FieldProblem("int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size")
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// The text without Unicode white space around it.
  private static func trimmed(_ text: String) -> ArraySlice<UInt8> {
    var scalars = Substring(text).unicodeScalars
    while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
    while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
    return Array(String(scalars).utf8)[...]
  }

  /// - Returns: `nil` when an underscore is not between two other characters.
  private static func withoutUnderscores(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    let parts = bytes.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
    guard parts.count == 1 || parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    return Array(parts.joined())
  }
}
