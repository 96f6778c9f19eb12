extension Parser {
  /// A string; `index` stands at its opening quote and ends after its closing one.
  mutating func string() throws(JSONError) -> String {
    let opening = index
    var start = opening + 1
    var unescaped: [UInt8] = []
    while true {
      let end = PlainRun.end(in: bytes, from: start)
      switch byte(at: end) {
      case ASCII.quote where unescaped.isEmpty:
        index = end + 1
        return text(start..<end)
      case ASCII.quote:
        unescaped.append(contentsOf: bytes[start..<end])
        index = end + 1
        return String(decoding: unescaped, as: UTF8.self)
      case ASCII.backslash:
        unescaped.append(contentsOf: bytes[start..<end])
        start = try escape(at: end, openedAt: opening, into: &unescaped)
      case nil:
        throw failure(.unterminatedString, at: opening)
      default:
        throw failure(.invalidControlCharacter, at: end)
      }
    }
  }

  /// - Returns: the place after the escape whose backslash is at `start`.
  private func escape(
    at start: Int, openedAt opening: Int, into unescaped: inout [UInt8]
  ) throws(JSONError) -> Int {
    switch byte(at: start + 1) {
    case ASCII.quote: unescaped.append(ASCII.quote)
    case ASCII.backslash: unescaped.append(ASCII.backslash)
    case ASCII.slash: unescaped.append(ASCII.slash)
    case UInt8(ascii: "b"): unescaped.append(0x08)
    case UInt8(ascii: "f"): unescaped.append(0x0C)
    case UInt8(ascii: "n"): unescaped.append(0x0A)
    case UInt8(ascii: "r"): unescaped.append(0x0D)
    case UInt8(ascii: "t"): unescaped.append(0x09)
    case ASCII.lowerU: return try unicodeEscape(at: start, into: &unescaped)
    case nil: throw failure(.unterminatedString, at: opening)
    default: throw failure(.invalidEscape, at: start)
    }
    return start + 2
  }

  /// One `\uXXXX`, or two that make a surrogate pair (RFC 8259 section 7).
  private func unicodeEscape(
    at start: Int, into unescaped: inout [UInt8]
  ) throws(JSONError) -> Int {
    let first = try codeUnit(at: start)
    var code = first
    var end = start + 6
    if (0xD800..<0xDC00).contains(first), byte(at: end) == ASCII.backslash, byte(at: end + 1) == ASCII.lowerU
    {
      let second = try codeUnit(at: end)
      if (0xDC00..<0xE000).contains(second) {
        code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
        end += 6
      }
    }
    // Surrogates are the only codes up to 0x10FFFF that are no scalar.
    guard let scalar = Unicode.Scalar(code) else { throw failure(.loneSurrogate, at: start + 1) }
    unescaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    return end
  }

  /// The four digits of the `\uXXXX` whose backslash is at `start`. As in Python, something must follow them.
  private func codeUnit(at start: Int) throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for place in start + 2..<start + 6 {
      guard place < bytes.count - 1, let digit = ASCII.hexValue(bytes[place]) else {
        throw failure(.invalidUnicodeEscape, at: start + 1)
      }
      code = code << 4 | digit
    }
    return code
  }
}
