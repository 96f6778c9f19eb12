import JSON
import Testing

/// Documents on which a reader that is quadratic anywhere would take hours.
@Suite struct LinearTimeTests {
  @Test(.timeLimit(.minutes(1))) func aPictureInBase64() throws {
    let picture = String(repeating: "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVph/+==", count: 500_000)
    let value: JSONValue = ["image": .string(picture), "seed": 1]
    let document = value.encoded()
    #expect(document.count == 20_000_000 + #"{"image":"","seed":1}"#.utf8.count)
    #expect(try JSONValue.parse(document) == value)
  }

  @Test(.timeLimit(.minutes(1))) func manyEscapes() throws {
    let document =
      Array("\"".utf8) + Array(repeating: Array(#"\u00e9\n"#.utf8), count: 100_000).joined()
      + Array("\"".utf8)
    #expect(try JSONValue.parse(document).stringValue?.utf8.count == 300_000)
  }

  @Test(.timeLimit(.minutes(1))) func manyKeys() throws {
    let members = (0..<100_000).map { JSONObject.Member(key: "key \($0)", value: 1) }
    var object = JSONObject()
    object.members = members
    #expect(try JSONValue.parse(JSONValue.object(object).encoded()) == .object(object))
  }

  @Test(.timeLimit(.minutes(1))) func unterminatedStrings() {
    let document = Array(
      ("[" + String(repeating: "\"a\",", count: 200_000) + "\"" + String(repeating: "b", count: 4_000_000))
        .utf8)
    #expect(throws: JSONError.self) { try JSONValue.parse(document) }
  }
}
