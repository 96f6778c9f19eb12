import Access
import HTTP
import JSON
import Testing

@testable import API

@Suite struct OriginTests {
  @Test(arguments: [
    ("https://box.example", "HTTPS://Box.Example:443"), ("http://localhost", "http://localhost:80"),
    ("http://[::1]:3000", "http://[::1]:3000"), ("tauri://localhost", "tauri://localhost"),
  ])
  func spellings(one: String, other: String) throws {
    #expect(try #require(Origin(one)) == #require(Origin(other)))
  }

  @Test(arguments: [
    ("https://box.example", "http://box.example"), ("http://a.example", "http://b.example"),
    ("http://localhost:3000", "http://localhost:3001"), ("http://localhost", "tauri://localhost"),
    ("tauri://localhost:80", "tauri://localhost"),
  ])
  func others(one: String, other: String) throws {
    #expect(try #require(Origin(one)) != #require(Origin(other)))
  }

  @Test(arguments: [
    "", "null", "*", "box.example", "http://", "http://a.example/", "http://a.example/x",
    "http://u@a.example",
    "http://*.example", "://a.example", "1http://a.example", "ht tp://a.example", "http:a.example",
    "http://a.example:99999", "http://a.example http://b.example",
  ])
  func noOrigins(text: String) {
    #expect(Origin(text) == nil)
  }
}

/// Held to the Fetch standard §3.2 and §4.8.
@Suite struct CrossOriginTests {
  private let page = "http://page.example:3000"

  private func bench(_ change: (inout APIConfiguration) -> Void = { _ in }) throws -> Bench {
    let origin = try #require(Origin(page))
    return try Bench {
      $0.allowedOrigins = [origin]
      change(&$0)
    }
  }

  private func fields(_ others: [(String, String)] = [], from origin: String? = nil) -> [(String, String)] {
    [("Host", "localhost:8000"), ("Origin", origin ?? page)] + others
  }

  @Test func repliesMayBeRead() async throws {
    let bench = try bench()
    let json = fields([("Content-Type", "application/json"), ("Sec-Fetch-Site", "cross-site")])
    for (method, path, status) in [
      ("GET", "/health", 200), ("GET", "/no-such", 404), ("POST", "/generate", 200), ("POST", "/models", 405),
    ] {
      let reply = await bench.send(method, path, headers: json, body: #"{"prompt": "a"}"#)
      #expect(reply.status == status)
      #expect(reply.headers.all("Access-Control-Allow-Origin") == [page])
      #expect(reply.headers.lists("Origin", in: "Vary"))
      #expect(reply.headers["Access-Control-Expose-Headers"]?.contains("X-Request-Id") == true)
      #expect(reply.headers["Access-Control-Allow-Credentials"] == nil)
    }
  }

  @Test func preflightsNeedNoToken() async throws {
    let table = try TokenTable(text: "anna sesame")
    let bench = try bench { $0.tokens = { table } }
    let asked = fields([
      ("Access-Control-Request-Method", "POST"),
      ("Access-Control-Request-Headers", "authorization,content-type"),
      ("Access-Control-Request-Private-Network", "true"),
    ])
    for path in ["/generate", "/no-such"] {
      let reply = await bench.send("OPTIONS", path, headers: asked)
      #expect((reply.status, reply.body) == (204, []))
      #expect(reply.headers.all("Access-Control-Allow-Origin") == [page])
      #expect(reply.headers.lists("POST", in: "Access-Control-Allow-Methods"))
      for name in ["authorization", "content-type"] {
        #expect(reply.headers.lists(name, in: "Access-Control-Allow-Headers"))
      }
      #expect(reply.headers["Access-Control-Allow-Private-Network"] == nil)
    }
    // The request itself does, and its page may read that.
    let refused = await bench.send("GET", "/models", headers: fields())
    #expect((refused.status, refused.headers["Access-Control-Allow-Origin"]) == (401, page))
    #expect(await bench.send("OPTIONS", "/generate", headers: fields()).status == 401)
  }

  @Test(arguments: ["http://page.example", "https://page.example:3000", "null", "http://evil.example", ""])
  func otherPagesStayOut(origin: String) async throws {
    let bench = try bench()
    let json = fields([("Content-Type", "application/json")], from: origin)
    let post = await bench.send("POST", "/generate", headers: json, body: #"{"prompt": "a"}"#)
    #expect((post.status, post.headers["Access-Control-Allow-Origin"]) == (403, nil))
    #expect(bench.engine.requests.isEmpty)
    let asked = fields([("Access-Control-Request-Method", "POST")], from: origin)
    let preflight = await bench.send("OPTIONS", "/generate", headers: asked)
    #expect((preflight.status, preflight.headers["Allow"]) == (204, "POST, OPTIONS"))
    #expect(preflight.headers["Access-Control-Allow-Origin"] == nil)
    #expect(preflight.headers.lists("Origin", in: "Vary"))
  }

  @Test func twoOriginsAreNone() async throws {
    let headers = fields([("Origin", page), ("Content-Type", "application/json")])
    #expect(try await bench().send("POST", "/generate", headers: headers).status == 403)
  }

  @Test func offUnlessListed() async throws {
    let asked = fields([("Access-Control-Request-Method", "POST")])
    for (method, path) in [("OPTIONS", "/generate"), ("GET", "/health")] {
      let reply = try await Bench().send(method, path, headers: asked)
      #expect(!reply.headers.fields.contains { $0.name.hasPrefix("Access-Control") || $0.name == "Vary" })
    }
  }

  /// What changes something is kept from foreign pages, whatever its method.
  @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "BREW"])
  func everyMethodThatChanges(method: String) async throws {
    let headers = fields([], from: "http://evil.example")
    #expect(try await Bench().send(method, "/models", headers: headers).status == 403)
  }
}
