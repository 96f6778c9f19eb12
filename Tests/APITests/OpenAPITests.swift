import Access
import Foundation
import HTTP
import JSON
import Testing

@testable import API

/// Holds the description to the validators, and the server's replies to the description.
@Suite struct OpenAPITests {
  private static func document(asksForTokens: Bool = false) -> JSONValue {
    .object(OpenAPIDocument(routes: Route.all, version: "1.2.3", asksForTokens: asksForTokens).json)
  }

  /// The operations of the document, as `METHOD path`.
  private static func operations(_ document: JSONValue) -> [(name: String, operation: JSONValue)] {
    (document["paths"]?.objectValue?.members ?? []).flatMap { path in
      (path.value.objectValue?.members ?? []).map { ("\($0.key.uppercased()) \(path.key)", $0.value) }
    }
  }

  @Test func isServed() async throws {
    let reply = try await Bench().send("GET", "/openapi.json")
    #expect((reply.status, reply.headers["Content-Type"]) == (200, "application/json"))
    #expect(reply.json == Self.document())
    #expect(reply.json["openapi"] == "3.1.0")
    #expect(reply.json["info"]?["version"] == "1.2.3")
  }

  @Test func everyRouteIsThereAndNoOther() {
    let described = Self.operations(Self.document()).map(\.name)
    #expect(described.sorted() == Route.all.map { "\($0.method.rawValue) \($0.path.text)" }.sorted())
    let ids = Self.operations(Self.document()).compactMap { $0.operation["operationId"]?.stringValue }
    #expect(Set(ids).count == described.count)
  }

  @Test func everyReplyOfARouteIsThere() throws {
    let document = Self.document()
    for route in Route.all {
      let operation = document["paths"]?[route.path.text]?[route.method.rawValue.lowercased()]
      for reply in route.replies {
        let described = try #require(operation?["responses"]?[String(reply.status)])
        #expect(described["description"]?.stringValue?.contains(reply.summary) == true)
        guard let media = reply.media else { continue }
        let schema = try #require(described["content"]?[media]?["schema"])
        let alternatives = schema["anyOf"]?.arrayValue ?? [schema]
        var writer = ShapeSchema()
        if let shape = reply.shape { #expect(alternatives.contains(.object(writer.schema(shape)))) }
      }
    }
  }

  @Test func everyReferenceLeadsSomewhere() {
    let document = Self.document(asksForTokens: true)
    func check(_ value: JSONValue) {
      switch value {
      case .array(let elements): elements.forEach(check)
      case .object(let object):
        if let reference = object["$ref"]?.stringValue {
          let keys = reference.dropFirst(2).split(separator: "/").map(String.init)
          let target = keys.reduce(document as JSONValue?) { $0?[$1] }
          #expect(target?.objectValue?.members.isEmpty == false, "\(reference)")
        }
        object.members.forEach { check($0.value) }
      default: break
      }
    }
    check(document)
  }

  /// The connection refuses before any route is known, and so in one form.
  @Test func refusalsOfTheConnectionAreDescribed() throws {
    for route in Route.all {
      for common in CommonReply.all(asksForTokens: true) where common.isOfConnection {
        #expect(common.isOf(route) || common.status == 413)
        let shape = common.shape(route.errors)
        #expect(shape.mismatches(["detail": "The path is not UTF-8.", "code": "bad_target"]) == [])
      }
    }
  }

  @Test func examplesWork() async throws {
    for route in Route.all {
      guard let example = route.example else { continue }
      let media = Self.document()["paths"]?[route.path.text]?["post"]?["requestBody"]?["content"]
      #expect(media?["application/json"]?["example"] == .object(example))
      let body = String(decoding: JSONValue.object(example).encoded(), as: UTF8.self)
      #expect(try await Bench().post(body, to: route.path.text).status == 200)
    }
  }

  /// One name is one shape.
  @Test func namesAreNotUsedTwice() {
    var shapes: [String: JSONObject] = [:]
    func check(_ shape: Shape) {
      switch shape {
      case .object(let members): members.forEach { check($0.shape) }
      case .map(let shape), .array(let shape), .nullable(let shape): check(shape)
      case .either(let one, let other): [one, other].forEach(check)
      case .named(let name, let shape):
        var writer = ShapeSchema()
        let schema = writer.schema(shape)
        #expect(shapes[name, default: schema] == schema, "\(name)")
        shapes[name] = schema
        check(shape)
      default: break
      }
    }
    for route in Route.all {
      route.replies.compactMap(\.shape).forEach(check)
      [400, 422].forEach { check(route.errors.shape(status: $0)) }
    }
  }

  @Test func tokensAreAskedForOnlyWhereTheyAre() async throws {
    for (name, operation) in Self.operations(Self.document()) {
      #expect((operation["security"], operation["responses"]?["401"]) == (nil, nil), "\(name)")
    }
    let table = try TokenTable(text: "anna sesame")
    let bench = try Bench { $0.tokens = { table } }
    let headers = [("Host", "localhost"), ("Authorization", "Bearer sesame")]
    let document = await bench.send("GET", "/openapi.json", headers: headers).json
    for (name, operation) in Self.operations(document) {
      let isOpen = ["GET /health", "GET /healthz", "GET /readyz"].contains(name)
      #expect(operation["security"] == (isOpen ? [] : [["token": []]]), "\(name)")
      #expect((operation["responses"]?["401"] == nil) == isOpen, "\(name)")
    }
    #expect(document["components"]?["securitySchemes"]?["token"]?["scheme"] == "bearer")
  }
}
