import Foundation
import Safetensors
import Testing

/// The reference's verdicts on corpus.tsv, written by scripts/fixtures/safetensors_corpus.py.
@Suite struct CorpusTests {
  /// What the reference accepts and this reader refuses on purpose, by the corpus' names.
  static let stricter: [String: SafetensorsError.Kind] = [
    "leading blank": .headerNotObject, "leading line feed": .headerNotObject,
    "duplicate tensor": .duplicateKey("a"), "duplicate metadata": .duplicateKey("a"),
    "metadata null": .invalidMetadata, "unknown field": .unknownField("stride"),
    "nine dimensions": .rankTooHigh(9), "name of 1025 bytes": .nameTooLong(bytes: 1025),
    "control character in name": .controlCharacterInName,
    "dtype U16": .unknownDType("U16"), "dtype F4": .unknownDType("F4"),
  ]

  @Test func agreesWithTheReference() throws {
    let table = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/corpus.tsv")
    var accepted = 0
    var stricter: Set<String> = []
    for line in try String(contentsOf: table, encoding: .utf8).split(separator: "\n") {
      let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
      try #require(columns.count == 3)
      let name = String(columns[0])
      let error = try refusal(of: try bytes(hex: columns[2]))
      if let expected = Self.stricter[name] {
        #expect(columns[1] == "accepts", "\(name)")
        #expect(error?.kind == expected, "\(name)")
        stricter.insert(name)
      } else {
        #expect((error == nil) == (columns[1] == "accepts"), "\(name): \(error?.description ?? "accepted")")
        accepted += error == nil ? 1 : 0
      }
    }
    #expect(stricter == Set(Self.stricter.keys))
    #expect(accepted >= 29)
  }

  private func bytes(hex: Substring) throws -> [UInt8] {
    let digits = Array(hex.utf8)
    return try stride(from: 0, to: digits.count, by: 2).map { place in
      try #require(UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16))
    }
  }
}
