/// On which line each key and table of a TOML document begins.
///
/// It is right up to the document's first mistake; it is no check of the whole. A key within an inline table has the line of that table's own key, and so has a
/// key written with escapes.
struct TOMLKeyLines {
  private let found: [[String]: Int]
  /// The first mistake of the few kinds that the parser itself dies of: a table header without a name, a
  /// bracket closed by one of another kind.
  let mistake: TOMLSyntaxError?

  init(_ bytes: [UInt8]) {
    var scanner = Scanner(bytes)
    scanner.run()
    (found, mistake) = (scanner.found, scanner.mistake)
  }

  /// The line of a key, counted from 1; of the table around it when the key itself is not there; `nil` when
  /// not even that is.
  func line(of path: [String]) -> Int? {
    var path = path
    while !path.isEmpty {
      if let line = found[path] { return line }
      path.removeLast()
    }
    return nil
  }
}

/// Walks over the expressions of a document: blank lines, comments, table headers and key-value pairs.
private struct Scanner {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var table: [String] = []
  private(set) var found: [[String]: Int] = [:]
  private(set) var mistake: TOMLSyntaxError?

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  mutating func run() {
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: " "), UInt8(ascii: "\t"): step()
      case UInt8(ascii: "#"): skipComment()
      case UInt8(ascii: "["): header()
      default: keyValue()
      }
    }
  }

  private func peek(_ ahead: Int = 0) -> UInt8? {
    position + ahead < bytes.count ? bytes[position + ahead] : nil
  }

  private mutating func step() {
    if bytes[position] == UInt8(ascii: "\n") { line += 1 }
    position += 1
  }

  private mutating func record(_ path: [String]) {
    for count in 0..<path.count where found[Array(path[...count])] == nil {
      found[Array(path[...count])] = line
    }
  }

  private mutating func header() {
    step()
    if peek() == UInt8(ascii: "[") { step() }
    while peek() == UInt8(ascii: " ") || peek() == UInt8(ascii: "\t") { step() }
    if let next = peek(), next != UInt8(ascii: "]"), !Self.beginsName(next) {
      note("a table header without a name")
    }
    table = key(until: UInt8(ascii: "]"))
    record(table)
    while let byte = peek(), byte != UInt8(ascii: "\n") { step() }
  }

  private mutating func note(_ words: String) {
    if mistake == nil { mistake = TOMLSyntaxError(line: line, message: "is not TOML: \(words)") }
  }

  private static func beginsName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "\""),
      UInt8(ascii: "'"):
      true
    default: false
    }
  }

  private mutating func keyValue() {
    record(table + key(until: UInt8(ascii: "=")))
    if peek() == UInt8(ascii: "=") { step() }
    value()
  }

  /// A dotted key up to, not including, `end` or the end of the line.
  private mutating func key(until end: UInt8) -> [String] {
    var parts: [String] = []
    var part: [UInt8] = []
    func closed() -> [String] { parts + [String(decoding: part, as: UTF8.self)] }
    while let byte = peek(), byte != end, byte != UInt8(ascii: "\n") {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        let start = position
        string()
        part += bytes[(start + 1)..<max(start + 1, position - 1)]
      case UInt8(ascii: "."):
        parts = closed()
        part = []
        step()
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): step()
      default:
        part.append(byte)
        step()
      }
    }
    return closed()
  }

  /// Skips a value: to the end of its line, or further while a bracket is open.
  private mutating func value() {
    var closers: [UInt8] = []
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"): string()
      case UInt8(ascii: "#"): skipComment()
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        closers.append(byte + 2)  // ASCII has ] and } two places after [ and {
        step()
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if closers.popLast() != byte { note("a bracket that closes none") }
        step()
      case UInt8(ascii: "\n"):
        step()
        if closers.isEmpty { return }
      default: step()
      }
    }
  }

  private mutating func skipComment() {
    while let byte = peek(), byte != UInt8(ascii: "\n") { step() }
  }

  /// Skips a string of any of the four kinds, delimiters included.
  private mutating func string() {
    guard let quote = peek() else { return }
    let isLong = peek(1) == quote && peek(2) == quote
    let escapes = quote == UInt8(ascii: "\"")
    for _ in 0..<(isLong ? 3 : 1) { step() }
    while let byte = peek() {
      if escapes, byte == UInt8(ascii: "\\"), peek(1) != nil {
        step()
        step()
      } else if byte == quote, isLong ? peek(1) == quote && peek(2) == quote : true {
        // A long string may end in up to two quotes of its own before the three that close it.
        while peek() == quote { step() }
        return
      } else {
        step()
      }
    }
  }
}
