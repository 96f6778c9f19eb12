import Foundation
import HTTP
import Images
import JSON
import Testing

@testable import API

/// Replays what FastAPI answered; `scripts/fixtures/fastapi_422.py` recorded it.
@Suite struct FastAPITests {
  private static let cases = recorded("fastapi_422.json")
  private static let lengths = recorded("fastapi_lengths.json")

  private static func recorded(_ name: String) -> [JSONValue] {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
    guard let data = try? Data(contentsOf: path) else { return [] }
    return (try? JSONValue.parse(Array(data)))?.arrayValue ?? []
  }

  @Test func thereAreCases() {
    #expect(Self.cases.count > 200)
    #expect(Self.lengths.count == 17)
  }

  @Test func refusalsAreFastAPIs() async throws {
    let bench = try Bench()
    for item in Self.cases where item["status"] == 422 {
      let body = try #require(item["body"]?.stringValue)
      let reply = await bench.post(body)
      #expect(reply.status == 422, "\(body.prefix(80))")
      #expect(reply.json["code"] == "validation_error")
      let expected = try #require(item["detail"]).encoded()
      let answered = try #require(reply.json["detail"]).encoded()
      #expect(
        String(decoding: answered, as: UTF8.self) == String(decoding: expected, as: UTF8.self),
        "\(body.prefix(80))")
    }
    #expect(bench.engine.requests.isEmpty)
  }

  @Test func acceptedValuesAreFastAPIs() throws {
    for item in Self.cases where item["status"] == 200 {
      let body = try #require(item["body"]?.stringValue)
      let object = try #require(try JSONValue.parse(Array(body.utf8)).objectValue)
      let values = try FieldTable.generate.validate(object)
      for member in try #require(item["values"]?.objectValue).members {
        let found = Self.json(values[member.key])
        #expect(Self.sorted(found) == Self.sorted(member.value), "\(body.prefix(80))")
      }
    }
  }

  private static func json(_ value: FieldValue?) -> JSONValue {
    switch value {
    case nil: .null
    case .integer(let value): .number(JSONNumber(value))
    case .number(let value): JSONValue(floatLiteral: value)
    case .text(let text): .string(text)
    case .boolean(let flag): .bool(flag)
    case .list(let elements): .array(elements.map { json($0) })
    case .object(let values):
      .object(values.names.sorted().reduce(into: JSONObject()) { $0[$1] = json(values[$1]) })
    case .picture(let picture): .string(picture.format.name)
    }
  }

  /// Without nulls, and the members by name.
  private static func sorted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let elements): return .array(elements.map(sorted))
    case .object(let object):
      let members = object.members.filter { $0.value != .null }.sorted { $0.key < $1.key }
      return .object(members.reduce(into: JSONObject()) { $0[$1.key] = sorted($1.value) })
    default: return value
    }
  }

  @Test func bytesThatAreNotUTF8() async throws {
    var headers = HTTPHeaders()
    headers.add("Content-Type", "application/json")
    let request = HTTPRequest(
      method: "POST", target: "/", path: "/", query: nil, version: .http11, headers: headers,
      body: Array(#"{"prompt": ""#.utf8) + [0xFF] + Array(#""}"#.utf8), remoteAddress: "127.0.0.1")
    guard case .later(_, let work) = try Bench().service.respond(to: request) else { return }
    let reply = await work()
    #expect(reply.status == 422)
    #expect(
      reply.json == [
        "detail": [
          [
            "type": "json_invalid", "loc": ["body", 12], "msg": "JSON decode error", "input": [:],
            "ctx": ["error": "Invalid UTF-8"],
          ]
        ], "code": "validation_error",
      ])
  }

  @Test(arguments: [
    (#"{"prompt": "a", "prompt": "b"}"#, "Duplicate key"), (#"{"prompt": NaN}"#, "Expecting value"),
    (#"{"prompt": "\ud800"}"#, "Lone surrogate in \\uXXXX escape"),
    (#"{"prompt": \#(String(repeating: "[", count: 100))"#, "Nesting too deep"),
  ])
  func stricterThanPython(body: String, error: String) async throws {
    let reply = try await Bench().post(body)
    #expect(reply.status == 422)
    #expect(reply.json["detail"]?.arrayValue?.first?["ctx"]?["error"] == .string(error))
  }

  @Test(arguments: ["width", "cfg_scale"])
  func numbersBeyondDoubles(name: String) async throws {
    let reply = try await Bench().post(#"{"prompt": "a", "\#(name)": 1e999}"#)
    #expect(reply.messages == ["Input should be a finite number"])
  }

  /// No field of `/generate` has a least length.
  @Test func lengthsAreWordedLikePydantic() throws {
    let table = FieldTable(
      fields: [("one", 1...9), ("two", 2...3), ("most_one", 0...1), ("none", 0...0)].map { name, length in
        Field(name: name, kind: .text(length), isRequired: name == "one", fallback: "", summary: "")
      })
    for item in Self.lengths {
      let body = try #require(item["body"]?.stringValue)
      let object = try #require(try JSONValue.parse(Array(body.utf8)).objectValue)
      guard item["status"] == 422 else {
        _ = try table.validate(object)
        continue
      }
      let error = #expect(throws: APIError.self, "\(body)") { try table.validate(object) }
      guard case .list(let issues) = error?.detail else { continue }
      var echo = Echo()
      #expect(JSONValue.array(issues.map { $0.json(&echo) }) == item["detail"], "\(body)")
    }
  }

  @Test func lengthsAreScalars() throws {
    let emoji = JSONValue.string(String(repeating: "👩‍🚀", count: 3333) + "a")
    _ = try FieldTable.generate.validate(["prompt": emoji])
    let longer = JSONValue.string(String(repeating: "👩‍🚀", count: 3333) + "ab")
    #expect(throws: APIError.self) { try FieldTable.generate.validate(["prompt": longer]) }
  }
}
