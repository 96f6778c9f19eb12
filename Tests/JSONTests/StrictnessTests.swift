import JSON
import Testing

/// What other readers let pass and this one refuses.
@Suite struct StrictnessTests {
  private func error(_ document: String, limits: JSONLimits = JSONLimits()) -> JSONError? {
    error(Array(document.utf8), limits: limits)
  }

  private func error(_ document: [UInt8], limits: JSONLimits = JSONLimits()) -> JSONError? {
    do throws(JSONError) {
      _ = try JSONValue.parse(document, limits: limits)
      return nil
    } catch {
      return error
    }
  }

  @Test func duplicateKeysNameTheKeyAndTheObjectsAroundIt() {
    let plain = error(#"{"é": 1, "é": 2}"#)
    #expect(plain?.kind == .duplicateKey)
    #expect(plain?.position == 9)
    #expect(plain?.byteOffset == 10)
    #expect(plain?.keys == ["é"])
    #expect(error(#"{"x": [{"y": {"a": 1, "a": 1}}]}"#)?.keys == ["x", "y", "a"])
    #expect(error(#"{"a": 1, "\u0061": 2}"#)?.kind == .duplicateKey)
    #expect(error(#"{"a": {"a": 1}, "b": {"a": 1}}"#) == nil)
  }

  @Test func keysThatDifferOnlyInNormalisationAreOne() {
    #expect(error(#"{"\u00e9": 1, "e\u0301": 2}"#)?.kind == .duplicateKey)
  }

  @Test func errorsInsideMembersNameThem() {
    #expect(error(#"{"a": 1, "b": {"c": [0, {"d": nul}]}}"#)?.keys == ["b", "c", "d"])
    #expect(error(#"{"a": 1} x"#)?.keys == [])
  }

  @Test(arguments: [
    (#""\ud800""#, 2), (#""\udc00""#, 2), (#""é\ud800x""#, 3), (#""\ud800\n""#, 2),
    (#""\ud83d\ud83d\ude00""#, 2),
    (#""\udbff\ue000""#, 2), (#""\ude00\ud83d""#, 2), (#""a\ud83d\u0041""#, 3), (#"{"\udfff": 1}"#, 3),
  ])
  func loneSurrogates(document: String, position: Int) {
    #expect(error(document)?.kind == .loneSurrogate)
    #expect(error(document)?.position == position)
  }

  @Test(arguments: ["NaN", "Infinity", "-Infinity", "nan", "inf", "-inf", "-NaN"])
  func numbersThatAreNone(literal: String) {
    #expect(error(literal)?.kind == .expectingValue)
    #expect(error(literal)?.position == 0)
    #expect(error("[\(literal)]")?.position == 1)
  }

  @Test(
    arguments: [
      ([0xC0, 0xAF], 0), ([0xED, 0xA0, 0x80], 0), ([0xF4, 0x90, 0x80, 0x80], 0), ([0xFF], 0), ([0x80], 0),
      ([0xC3, 0xA9, 0xC3], 1), ([0xE2, 0x82], 0), ([0xF0, 0x82, 0x82, 0xAC], 0),
      ([0xC3, 0xA9, 0x61, 0xF0, 0x9F], 2),
    ] as [([UInt8], Int)])
  func invalidUTF8(bytes: [UInt8], scalarsBefore: Int) {
    let quoted = error([UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")])
    #expect(quoted?.kind == .invalidUTF8)
    #expect(quoted?.position == 1 + scalarsBefore)
    #expect(error(bytes)?.kind == .invalidUTF8)
  }

  @Test func otherEncodings() {
    #expect(error([0xEF, 0xBB, 0xBF] + Array("{}".utf8))?.kind == .byteOrderMark)
    #expect(error([0xFE, 0xFF, 0, 0x7B, 0, 0x7D])?.kind == .invalidUTF8)
    #expect(error([0x7B, 0, 0x7D, 0])?.kind == .expectingPropertyName)
    #expect(error([0, 0x7B, 0, 0x7D])?.kind == .expectingValue)
  }

  @Test func depth() {
    func nested(_ levels: Int) -> String {
      String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }
    #expect(error(nested(64)) == nil)
    #expect(error(nested(65))?.kind == .tooDeep)
    #expect(error(nested(65))?.position == 64)
    #expect(error(#"{"a":{"b":[]}}"#, limits: JSONLimits(depth: 3)) == nil)
    #expect(error(#"{"a":{"b":[]}}"#, limits: JSONLimits(depth: 2))?.kind == .tooDeep)
    #expect(error("1", limits: JSONLimits(depth: 0)) == nil)
    #expect(error("{}", limits: JSONLimits(depth: 0))?.kind == .tooDeep)
    #expect(error(nested(100_000), limits: JSONLimits(depth: .max))?.kind == .tooDeep)
    #expect(error(String(repeating: "[", count: 1_000_000))?.position == 64)
    #expect(error(String(repeating: #"{"a":"#, count: 50_000))?.keys.count == 64)
  }

  @Test func values() {
    #expect(error("[1, [2], {}]", limits: JSONLimits(values: 5)) == nil)
    #expect(error("[1, [2], {}]", limits: JSONLimits(values: 4))?.kind == .tooManyValues)
    #expect(error("[1, [2], {}]", limits: JSONLimits(values: 4))?.position == 9)
    #expect(error("[" + String(repeating: "0,", count: 1_000_000) + "0]")?.kind == .tooManyValues)
  }

  @Test func numberLength() {
    #expect(error(String(repeating: "9", count: 4300)) == nil)
    #expect(error("[" + String(repeating: "9", count: 4301) + "]")?.kind == .numberTooLong)
    #expect(error("1." + String(repeating: "0", count: 4299))?.kind == .numberTooLong)
  }
}
