extension JSONValue {
  /// Reads one JSON document (RFC 8259), strictly, in time linear in its length.
  ///
  /// - Parameter bytes: UTF-8 without a byte order mark.
  /// - Throws: `JSONError` for anything outside the grammar, and for what other readers let pass: duplicate
  ///   keys, lone surrogates, `NaN` and infinities, bytes that are not UTF-8, and documents over `limits`.
  public static func parse(
    _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
  ) throws(JSONError) -> JSONValue {
    try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) -> JSONValue in
      var parser = Parser(bytes: buffer, limits: limits)
      return try parser.document()
    }
  }
}

/// One pass over the bytes of a document; `index` is the next byte not yet understood.
struct Parser {
  let bytes: UnsafeBufferPointer<UInt8>
  private var limits: JSONLimits
  var index = 0
  private var valueCount = 0

  init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
    (self.bytes, self.limits) = (bytes, limits)
    self.limits.depth = min(limits.depth, JSONLimits.deepest)
  }

  mutating func document() throws(JSONError) -> JSONValue {
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      throw failure(.invalidUTF8, at: error.byteOffsets.lowerBound)
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw failure(.byteOrderMark, at: 0) }
    skipWhitespace()
    let value = try value(depth: 0)
    skipWhitespace()
    guard index == bytes.count else { throw failure(.extraData, at: index) }
    return value
  }

  /// - Parameter depth: the arrays and objects around this value.
  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    valueCount += 1
    guard valueCount <= limits.values else { throw failure(.tooManyValues, at: index) }
    switch byte(at: index) {
    case ASCII.quote:
      return .string(try string())
    case ASCII.openBrace:
      guard depth < limits.depth else { throw failure(.tooDeep, at: index) }
      return .object(try object(depth: depth + 1))
    case ASCII.openBracket:
      guard depth < limits.depth else { throw failure(.tooDeep, at: index) }
      return .array(try array(depth: depth + 1))
    case UInt8(ascii: "n") where take("null"):
      return .null
    case UInt8(ascii: "t") where take("true"):
      return .bool(true)
    case UInt8(ascii: "f") where take("false"):
      return .bool(false)
    default:
      return .number(try number())
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
    index += 1
    skipWhitespace()
    if take(ASCII.closeBracket) { return [] }
    var elements: [JSONValue] = []
    while true {
      elements.append(try value(depth: depth))
      skipWhitespace()
      if take(ASCII.closeBracket) { return elements }
      guard take(ASCII.comma) else { throw failure(.expectingComma, at: index) }
      skipWhitespace()
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
    index += 1
    skipWhitespace()
    var object = JSONObject()
    if take(ASCII.closeBrace) { return object }
    var seen: Set<String> = []
    while true {
      let keyStart = index
      guard byte(at: index) == ASCII.quote else { throw failure(.expectingPropertyName, at: index) }
      let key = try string()
      guard seen.insert(key).inserted else { throw failure(.duplicateKey, at: keyStart).inside(key) }
      skipWhitespace()
      guard take(ASCII.colon) else { throw failure(.expectingColon, at: index) }
      skipWhitespace()
      do throws(JSONError) {
        object.members.append(JSONObject.Member(key: key, value: try value(depth: depth)))
      } catch {
        throw error.inside(key)
      }
      skipWhitespace()
      if take(ASCII.closeBrace) { return object }
      guard take(ASCII.comma) else { throw failure(.expectingComma, at: index) }
      skipWhitespace()
    }
  }

  /// As Python: the longest prefix that is a number. What is left of `01`, `1.` or `1e` fails after it.
  private mutating func number() throws(JSONError) -> JSONNumber {
    let start = index
    var end = index
    if byte(at: end) == ASCII.minus { end += 1 }
    if byte(at: end) == ASCII.zero {
      end += 1
    } else {
      let digits = end
      end = digitsEnd(from: end)
      guard end > digits else { throw failure(.expectingValue, at: start) }
    }
    if byte(at: end) == ASCII.point {
      let fractionEnd = digitsEnd(from: end + 1)
      if fractionEnd > end + 1 { end = fractionEnd }
    }
    if byte(at: end) == ASCII.lowerE || byte(at: end) == ASCII.upperE {
      let sign = byte(at: end + 1)
      let digits = sign == ASCII.plus || sign == ASCII.minus ? end + 2 : end + 1
      let exponentEnd = digitsEnd(from: digits)
      if exponentEnd > digits { end = exponentEnd }
    }
    guard end - start <= limits.numberLength else { throw failure(.numberTooLong, at: start) }
    index = end
    return JSONNumber(literal: text(start..<end))
  }

  private func digitsEnd(from start: Int) -> Int {
    var end = start
    while let byte = byte(at: end), ASCII.isDigit(byte) { end += 1 }
    return end
  }
}

extension Parser {
  /// The only way bytes are looked at one by one: `nil` past the end.
  func byte(at index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

  /// - Parameter range: within the bytes, and cut at ASCII bytes, so that it stays valid UTF-8.
  func text(_ range: Range<Int>) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }

  mutating func skipWhitespace() {
    while let byte = byte(at: index), ASCII.isWhitespace(byte) { index += 1 }
  }

  mutating func take(_ wanted: UInt8) -> Bool {
    guard byte(at: index) == wanted else { return false }
    index += 1
    return true
  }

  mutating func take(_ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard bytes.count - index >= length else { return false }
    for offset in 0..<length where bytes[index + offset] != word.utf8Start[offset] { return false }
    index += length
    return true
  }

  func failure(_ kind: JSONError.Kind, at byteOffset: Int) -> JSONError {
    let continuationBytes = bytes[..<byteOffset].count(where: { $0 & 0xC0 == 0x80 })
    return JSONError(kind: kind, position: byteOffset - continuationBytes, byteOffset: byteOffset)
  }
}
