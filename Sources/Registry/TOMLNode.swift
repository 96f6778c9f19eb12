import TOMLKit

/// A TOML value. This file alone knows the parser.
indirect enum TOMLNode: Sendable, Equatable {
  case string(String)
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  case array([TOMLNode])
  case table([String: TOMLNode])
  /// A date or a time.
  case moment

  /// With its article, for messages.
  var kind: String {
    switch self {
    case .string: "a string"
    case .integer: "an integer"
    case .number: "a number"
    case .boolean: "a boolean"
    case .array: "an array"
    case .table: "a table"
    case .moment: "a date or time"
    }
  }
}

/// Why a text is not TOML.
struct TOMLSyntaxError: Error {
  let line: Int?
  let message: String
}

/// A TOML document and where its keys stand. Source: TOML v1.0.0.
struct TOMLDocument {
  let root: [String: TOMLNode]
  let lines: TOMLKeyLines

  /// The parser builds and frees nested tables by recursion, and a dotted key nests without a limit of
  /// its own.
  static let mostDots = 2_000

  init(_ bytes: [UInt8]) throws(TOMLSyntaxError) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TOMLSyntaxError(line: nil, message: "is not valid UTF-8")
    }
    guard !Self.namesNUL(bytes) else { throw TOMLSyntaxError(line: nil, message: "holds a NUL character") }
    guard bytes.count(where: { $0 == UInt8(ascii: ".") }) <= Self.mostDots else {
      throw TOMLSyntaxError(line: nil, message: "has more than \(Self.mostDots) dots")
    }
    lines = TOMLKeyLines(bytes)
    // The parser's own checks end the process at these.
    if let mistake = lines.mistake { throw mistake }
    do {
      root = TOMLNode.members(of: try TOMLTable(string: text))
    } catch let error as TOMLParseError {
      throw TOMLSyntaxError(line: error.source.begin.line, message: "is not TOML: \(error.description)")
    } catch {
      throw TOMLSyntaxError(line: nil, message: "is not TOML: \(error)")
    }
  }

  /// The parser hands strings over as C strings: a NUL, plain or escaped, would cut the rest off unseen.
  private static func namesNUL(_ bytes: [UInt8]) -> Bool {
    bytes.contains(0)
      || bytes.split(separator: UInt8(ascii: "\\")).contains { part in
        part.starts(with: "u0000".utf8) || part.starts(with: "U00000000".utf8)
      }
  }
}

extension TOMLNode {
  fileprivate static func members(of table: TOMLTable) -> [String: TOMLNode] {
    var members: [String: TOMLNode] = [:]
    for (key, value) in zip(table.keys, table.values) { members[key] = TOMLNode(value) }
    return members
  }

  private init(_ value: any TOMLValueConvertible) {
    self =
      switch value.type {
      case .string: value.string.map(TOMLNode.string) ?? .moment
      case .int: value.int.map(TOMLNode.integer) ?? .moment
      case .double: value.double.map(TOMLNode.number) ?? .moment
      case .bool: value.bool.map(TOMLNode.boolean) ?? .moment
      case .array: value.array.map { .array($0.map { TOMLNode($0) }) } ?? .moment
      case .table: value.table.map { .table(Self.members(of: $0)) } ?? .moment
      case .date, .time, .dateTime: .moment
      }
  }
}
