import HTTP
import JSON
import Testing

@testable import API

/// What a list of mistakes repeats of the body.
struct EchoTests {
  private func reply(_ body: JSONObject) throws -> (bytes: Int, details: [JSONObject]) {
    let error = #expect(throws: APIError.self) { try FieldTable.generate.validate(body) }
    let response = try #require(error).response
    let json = try JSONValue.parse(response.body)
    guard case .object(let object) = json, case .array(let issues)? = object["detail"] else { return (0, []) }
    return (response.body.count, issues.compactMap { if case .object(let issue) = $0 { issue } else { nil } })
  }

  @Test func shortBodiesAreRepeatedWhole() throws {
    let body: JSONObject = ["width": 512, "nested": ["a": [1, "two", .null]]]
    let details = try reply(body).details
    #expect(details.map { $0["input"] } == [.object(body), ["a": [1, "two", .null]]])
  }

  /// The body is repeated for the missing prompt, and each stranger again.
  @Test(arguments: [1, 500])
  func longBodiesAreCut(members: Int) throws {
    var body = JSONObject()
    for index in 0..<members {
      body["stranger\(index)"] = .string(String(repeating: "é", count: 2_000_000 / members))
    }
    let (bytes, details) = try reply(body)
    #expect(details.count == members + 1)
    #expect(bytes < 200_000)
    #expect(details.last?["loc"] == ["body", .string("stranger\(members - 1)")])
  }

  @Test func longNamesAreCut() throws {
    let details = try reply([String(repeating: "k", count: 1_000_000): 1, "prompt": "a"]).details
    #expect(details.first?["loc"] == ["body", .string(String(repeating: "k", count: 1000) + "…")])
  }
}
