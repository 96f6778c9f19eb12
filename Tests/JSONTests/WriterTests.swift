import JSON
import TestSupport
import Testing

@Suite struct WriterTests {
  private func text(_ value: JSONValue) -> String { String(decoding: value.encoded(), as: UTF8.self) }

  @Test func everyKindOfValue() {
    let value: JSONValue = ["b": [1, -2, 2.5, true, false, .null], "a": [:], "": [], "é": "ü😀"]
    #expect(text(value) == #"{"b":[1,-2,2.5,true,false,null],"a":{},"":[],"é":"ü😀"}"#)
  }

  @Test(arguments: [
    (5.0, "5.0"), (-0.0, "-0.0"), (0.1, "0.1"), (0.1 + 0.2, "0.30000000000000004"), (1e16, "1e+16"),
    (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
    (1.0 / 3, "0.3333333333333333"),
  ])
  func shortestDoubles(value: Double, literal: String) throws {
    let number = try #require(JSONNumber(value))
    #expect(text(.number(number)) == literal)
    #expect(number.double?.bitPattern == value.bitPattern)
  }

  @Test func randomDoublesReadBackBitForBit() throws {
    var random = SplitMix(seed: 1)
    for _ in 0..<2000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      let number = try #require(JSONNumber(value))
      #expect(
        try JSONValue.parse(Array(number.text.utf8)).numberValue?.double?.bitPattern == value.bitPattern)
    }
  }

  @Test func nonfiniteDoublesHaveNoSpelling() {
    for value in [Double.nan, .infinity, -.infinity, .signalingNaN] {
      #expect(JSONNumber(value) == nil)
    }
  }

  @Test func controlCharactersQuotesAndBackslashesAreEscaped() {
    #expect(text("\u{0}\u{1}\u{8}\t\n\u{B}\u{C}\r\u{1F}") == #""\u0000\u0001\b\t\n\u000b\f\r\u001f""#)
    #expect(text(#"a"b\c/d"#) == #""a\"b\\c/d""#)
    #expect(text("\u{7F}\u{80}\u{2028}é😀") == "\"\u{7F}\u{80}\u{2028}é😀\"")
    #expect(text(["\n\"": 1]) == #"{"\n\"":1}"#)
  }

  @Test func everyScalarReadsBack() throws {
    var all = ""
    for code in UInt32(0)...0x10FFFF where code < 0x300 || code % 97 == 0 || code > 0x10FF00 {
      if let scalar = Unicode.Scalar(code) { all.unicodeScalars.append(scalar) }
    }
    let back = try JSONValue.parse(JSONValue.string(all).encoded()).stringValue
    #expect(Array(try #require(back).utf8) == Array(all.utf8))
  }

  @Test func numbersKeepTheirSpelling() throws {
    for document in ["[1e999,1E+2,-0,1.50,123456789012345678901234567890]", #"{"a":18446744073709551615}"#] {
      #expect(text(try JSONValue.parse(Array(document.utf8))) == document)
    }
  }
}
