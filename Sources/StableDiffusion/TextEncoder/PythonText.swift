/// Python's notion of spaces, words and numbers, which the prompt syntaxes were defined in.
extension Unicode.Scalar {
  /// `str.isspace`, which is what `\s` matches: Unicode's white space and four separators of ASCII.
  var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }

  /// What `\w` matches: `str.isalnum` or an underscore.
  var isPythonWord: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: self == "_" || properties.numericType != nil
    }
  }

  /// The value of a decimal digit of any script, which is what `\d` matches.
  var pythonDigit: UInt8? {
    if isASCII { return (48...57).contains(value) ? UInt8(value - 48) : nil }
    guard properties.numericType == .decimal, let value = properties.numericValue else { return nil }
    return UInt8(exactly: value)
  }
}

/// What Python's `float` makes of a text.
enum PythonFloat {
  /// `nil` where `float` raises; infinite and not a number where it says so.
  static func parse(_ text: some Sequence<Unicode.Scalar>) -> Double? {
    var ascii: [UInt8] = []
    for scalar in text {
      if let digit = scalar.pythonDigit {
        ascii.append(48 + digit)
      } else if scalar.properties.isWhitespace {  // fewer than `isPythonSpace` has
        ascii.append(space)
      } else if scalar.isASCII {
        ascii.append(UInt8(scalar.value))
      } else {
        return nil
      }
    }
    let (first, last) = (ascii.firstIndex { $0 != space }, ascii.lastIndex { $0 != space })
    guard let first, let last, let digits = withoutUnderscores(ascii[first...last]) else { return nil }
    return number(digits)
  }

  private static let space = UInt8(ascii: " ")

  /// An underscore may stand between two digits only.
  private static func withoutUnderscores(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    func isDigit(_ index: Int) -> Bool { text.indices.contains(index) && (48...57).contains(text[index]) }
    var kept: [UInt8] = []
    for index in text.indices {
      if text[index] != UInt8(ascii: "_") {
        kept.append(text[index])
      } else if !isDigit(index - 1) || !isDigit(index + 1) {
        return nil
      }
    }
    return kept
  }

  private static func number(_ text: [UInt8]) -> Double? {
    var rest = text[...]
    func take(_ characters: StaticString) -> UInt8? {
      guard let first = rest.first, "\(characters)".utf8.contains(first) else { return nil }
      return rest.removeFirst()
    }
    func digits() -> [UInt8] {
      let run = rest.prefix { (48...57).contains($0) }
      rest = rest.dropFirst(run.count)
      return Array(run)
    }
    let sign = take("+-").map { [$0] } ?? []
    switch String(decoding: rest, as: UTF8.self).lowercased() {
    case "inf", "infinity": return sign == [UInt8(ascii: "-")] ? -.infinity : .infinity
    case "nan": return .nan
    default: break
    }
    let whole = digits()
    let fraction = take(".") == nil ? [] : digits()
    guard !whole.isEmpty || !fraction.isEmpty else { return nil }
    var exponent = Array("0".utf8)
    if take("eE") != nil {
      let sign = take("+-").map { [$0] } ?? []
      let power = digits()
      guard !power.isEmpty else { return nil }
      exponent = sign + power
    }
    guard rest.isEmpty else { return nil }
    // Spelt so that nothing is left to the reader: "1." is 01.0e0.
    let zero = Array("0".utf8)
    let spelt = sign + zero + whole + Array(".".utf8) + fraction + zero + Array("e".utf8) + exponent
    return Double(String(decoding: spelt, as: UTF8.self))
  }
}
