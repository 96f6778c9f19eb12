import Foundation
import JSON
import Testing

/// Words and places of errors are Python's: a client that reads FastAPI's `json_invalid` sees no change.
@Suite struct PythonErrorTests {
  struct Row {
    let line: Int
    let document: [UInt8]
    let verdict: String
  }

  /// The rows of json_errors.tsv, written by scripts/fixtures/json_errors.py.
  static func rows() throws -> [Row] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "Fixtures/json_errors.tsv")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    return try lines.enumerated().map { place, line in
      let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
      try #require(columns.count == 2)
      return Row(line: place + 1, document: try unescaped(columns[0].utf8), verdict: String(columns[1]))
    }
  }

  private static func unescaped(_ text: Substring.UTF8View) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = text[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      if rest.popFirst() == UInt8(ascii: "\\") {
        bytes.append(UInt8(ascii: "\\"))
      } else {
        bytes.append(try #require(UInt8(Substring(rest.prefix(2)), radix: 16)))
        rest = rest.dropFirst(2)
      }
    }
    return bytes
  }

  @Test func everyRowOfTheTable() throws {
    let rows = try Self.rows()
    #expect(rows.count > 1000)
    for row in rows {
      let verdict: String
      do throws(JSONError) {
        _ = try JSONValue.parse(row.document)
        verdict = "ok"
      } catch {
        verdict = "\(error.position) \(error.message)"
      }
      #expect(verdict == row.verdict, "line \(row.line): \(String(decoding: row.document, as: UTF8.self))")
    }
  }

  /// Cutting a document anywhere is an error, whatever was cut.
  @Test func everyPrefixOfADocumentIsRefused() throws {
    let document = Array(#"{"a": [1, -2.5e3, "é\n😀\u00e9"], "b": {"c": null}, "d": true}"#.utf8)
    _ = try JSONValue.parse(document)
    for length in 0..<document.count {
      #expect(throws: JSONError.self, "the first \(length) bytes") {
        try JSONValue.parse(Array(document[..<length]))
      }
    }
  }
}
