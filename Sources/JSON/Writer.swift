extension JSONValue {
  /// The document in UTF-8 without blanks: numbers as they are spelt, text outside ASCII as it is.
  public func encoded() -> [UInt8] {
    var writer = Writer()
    writer.write(self)
    return writer.output
  }
}

struct Writer {
  private(set) var output: [UInt8] = []

  mutating func write(_ value: JSONValue) {
    switch value {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let flag): output.append(contentsOf: (flag ? "true" : "false").utf8)
    case .number(let number): output.append(contentsOf: number.text.utf8)
    case .string(let text): write(text)
    case .array(let elements): write(elements)
    case .object(let object): write(object)
    }
  }

  private mutating func write(_ elements: [JSONValue]) {
    output.append(ASCII.openBracket)
    for (place, element) in elements.enumerated() {
      if place > 0 { output.append(ASCII.comma) }
      write(element)
    }
    output.append(ASCII.closeBracket)
  }

  private mutating func write(_ object: JSONObject) {
    output.append(ASCII.openBrace)
    for (place, member) in object.members.enumerated() {
      if place > 0 { output.append(ASCII.comma) }
      write(member.key)
      output.append(ASCII.colon)
      write(member.value)
    }
    output.append(ASCII.closeBrace)
  }

  private mutating func write(_ text: String) {
    var text = text
    output.append(ASCII.quote)
    text.withUTF8 { bytes in
      var start = 0
      while true {
        let end = PlainRun.end(in: bytes, from: start)
        output.append(contentsOf: bytes[start..<end])
        guard end < bytes.count else { return }
        writeEscaped(bytes[end])
        start = end + 1
      }
    }
    output.append(ASCII.quote)
  }

  private mutating func writeEscaped(_ byte: UInt8) {
    switch byte {
    case ASCII.quote: output.append(contentsOf: #"\""#.utf8)
    case ASCII.backslash: output.append(contentsOf: #"\\"#.utf8)
    case 0x08: output.append(contentsOf: #"\b"#.utf8)
    case 0x0C: output.append(contentsOf: #"\f"#.utf8)
    case 0x0A: output.append(contentsOf: #"\n"#.utf8)
    case 0x0D: output.append(contentsOf: #"\r"#.utf8)
    case 0x09: output.append(contentsOf: #"\t"#.utf8)
    default:
      output.append(contentsOf: #"\u00"#.utf8)
      output.append(contentsOf: [byte >> 4, byte & 0x0F].map { $0 < 10 ? ASCII.zero + $0 : 0x57 + $0 })
    }
  }
}
