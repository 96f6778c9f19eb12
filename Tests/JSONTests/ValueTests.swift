import JSON
import Testing

/// What a document means.
@Suite struct ValueTests {
  private func parse(_ document: String) throws -> JSONValue { try JSONValue.parse(Array(document.utf8)) }

  private func number(_ literal: String) throws -> JSONNumber {
    try #require(try parse(literal).numberValue)
  }

  @Test func everyKindOfValue() throws {
    let value = try parse(
      #" { "a" : [ 1 , 2.5 , true , false , null , "é" ] , "b" : { } , "c" : [ ] , "" : "" } "#)
    let expected: JSONValue = ["a": [1, 2.5, true, false, .null, "é"], "b": [:], "c": [], "": ""]
    #expect(value == expected)
    #expect(value.objectValue?.members.map(\.key) == ["a", "b", "c", ""])
    #expect(value["a"]?.arrayValue?.count == 6)
    #expect(value["d"] == nil)
    #expect(value["a"]?["a"] == nil)
  }

  @Test func accessorsDoNotConvert() {
    #expect(JSONValue.bool(true).numberValue == nil)
    #expect((1 as JSONValue).boolValue == nil)
    #expect(("1" as JSONValue).numberValue == nil)
    #expect(JSONValue.null.stringValue == nil)
    #expect(JSONValue.null.objectValue == nil)
    #expect(([:] as JSONValue).arrayValue == nil)
    #expect(("a" as JSONValue).stringValue == "a")
    #expect((false as JSONValue).boolValue == false)
  }

  @Test(arguments: [
    (#""\" \\ \/ \b \f \n \r \t""#, "\" \\ / \u{8} \u{c} \n \r \t"),
    (#""\u0041\u00e9\u20AC\u20ac\uFFFF\u0000""#, "Aé€€\u{FFFF}\u{0}"),
    (#""\ud83d\ude00\uD83D\uDE00😀\udbff\udfff""#, "😀😀😀\u{10FFFF}"),
    ("\"\u{7F}\u{80}\u{2028}\"", "\u{7F}\u{80}\u{2028}"),
    (#""\\u0041""#, "\\u0041"), (#""""#, ""), (#""\\""#, "\\"),
    (#""12345678\n12345678\"1234567\\123456é""#, "12345678\n12345678\"1234567\\123456é"),
  ])
  func strings(document: String, text: String) throws {
    // Scalars, because strings that differ in normalisation compare equal.
    #expect(Array(try #require(try parse(document).stringValue).unicodeScalars) == Array(text.unicodeScalars))
  }

  /// The scanner reads eight bytes at a time: a quote must be found at each place of a word.
  @Test(arguments: 0...40)
  func quotesAndEscapesAtEveryPlace(length: Int) throws {
    let filler = String(repeating: "x", count: length)
    #expect(try parse("[\"\(filler)\",1]") == [.string(filler), 1])
    #expect(try parse("\"\(filler)\\n\"") == .string(filler + "\n"))
    #expect(try parse("\"\(filler)é\(filler)\"") == .string(filler + "é" + filler))
    #expect(try parse("\"\(filler)!#[]\u{7F}~ \(filler)\"") == .string(filler + "!#[]\u{7F}~ " + filler))
    #expect(throws: JSONError.self) { try parse("\"\(filler)\u{1F}\(filler)\"") }
  }

  @Test(arguments: [
    ("0", 0), ("-0", 0), ("7", 7), ("-12", -12),
    ("9007199254740992", 9_007_199_254_740_992), ("9007199254740993", 9_007_199_254_740_993),
    ("-9007199254740993", -9_007_199_254_740_993),
    ("9223372036854775807", .max), ("-9223372036854775808", .min),
  ])
  func exactIntegers(literal: String, value: Int) throws {
    #expect(try number(literal).int == value)
    #expect(try number(literal).isIntegerLiteral)
    #expect(try number(literal).text == literal)
  }

  @Test(arguments: ["9223372036854775808", "-9223372036854775809", "1.0", "1e2", "0.5", "1E400", "-0.0"])
  func notAnInt(literal: String) throws {
    #expect(try number(literal).int == nil)
  }

  @Test func unsignedIntegers() throws {
    #expect(try number("18446744073709551615").uint64 == .max)
    #expect(try number("18446744073709551616").uint64 == nil)
    #expect(try number("-1").uint64 == nil)
    #expect(try number("-0").uint64 == nil)
    #expect(try number("1.0").uint64 == nil)
    #expect(JSONNumber(UInt64.max).text == "18446744073709551615")
  }

  @Test(arguments: [
    ("1", 1), ("1.5", 1.5), ("-0.0", -0.0), ("1e2", 100), ("1E+2", 100), ("25e-1", 2.5), ("1e-400", 0),
    ("1e308", 1e308), ("5e-324", .leastNonzeroMagnitude), ("9007199254740993", 9_007_199_254_740_992),
    ("0.1000000000000000055511151231257827", 0.1), ("123456789012345678901234567890", 1.2345678901234568e29),
  ])
  func doubles(literal: String, value: Double) throws {
    #expect(try number(literal).double?.bitPattern == value.bitPattern)
  }

  @Test func numbersBeyondDoubles() throws {
    let digits = "1" + String(repeating: "0", count: 400)
    for literal in ["1e999", "-1e999", "1e309", digits] {
      #expect(try number(literal).double == nil)
      #expect(try number(literal).int == nil)
      #expect(try number(literal).text == literal)
    }
  }

  @Test func objectsAreOrderedAndEditable() {
    var object: JSONObject = ["b": 1, "a": 2, "b": 3]
    #expect(object.members.map(\.key) == ["b", "a"])
    #expect(object["b"] == 3)
    object["c"] = .null
    object["b"] = nil
    object["missing"] = nil
    object["a"] = "x"
    #expect(object.members == [.init(key: "a", value: "x"), .init(key: "c", value: .null)])
  }
}
