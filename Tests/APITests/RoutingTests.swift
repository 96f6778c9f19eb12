import API
import HTTP
import JSON
import Testing

@Suite struct RoutingTests {
  @Test(arguments: ["/no-such", "/HEALTH", "/health/", "", "*", "/health\r\nX-Inj: 1"])
  func unknownPath(path: String) async throws {
    let reply = try await Bench().send("GET", path)
    #expect(reply.status == 404)
    #expect(reply.json == ["detail": "Not Found", "code": "not_found"])
  }

  @Test(arguments: [
    ("POST", "/health", "GET, HEAD, OPTIONS"), ("PUT", "/loras", "GET, HEAD, OPTIONS"),
    ("GET", "/generate", "POST, OPTIONS"), ("HEAD", "/generate", "POST, OPTIONS"),
    ("get", "/health", "GET, HEAD, OPTIONS"),
  ])
  func wrongMethod(method: String, path: String, allow: String) async throws {
    let reply = try await Bench().send(method, path)
    #expect(reply.status == 405)
    #expect(reply.headers["Allow"] == allow)
    #expect(reply.json == ["detail": "Method Not Allowed", "code": "method_not_allowed"])
  }

  @Test func options() async throws {
    let reply = try await Bench().send("OPTIONS", "/generate")
    #expect((reply.status, reply.headers["Allow"], reply.body) == (204, "POST, OPTIONS", []))
    #expect(reply.headers["Access-Control-Allow-Origin"] == nil)
  }

  @Test func optionsOfTheServer() async throws {
    let reply = try await Bench().send("OPTIONS", "*")
    #expect((reply.status, reply.body) == (204, []))
    #expect(reply.headers["Allow"] == "GET, HEAD, POST, OPTIONS")
    let elsewhere = try await Bench().send("OPTIONS", "*", headers: [("Host", "evil.example")])
    #expect(elsewhere.status == 421)
  }

  @Test(arguments: ["/health", "/healthz", "/readyz", "/models", "/loras"])
  func headIsGet(path: String) async throws {
    let reply = try await Bench().send("HEAD", path)
    #expect(reply.status == 200)
    #expect(!reply.body.isEmpty)
  }

  @Test(arguments: [
    [], ["text/plain"], ["application/x-www-form-urlencoded"], ["application/json+x"], ["application/jsonp"],
    ["application/json", "application/json"], [""], [";application/json"],
  ])
  func refusesOtherContentTypes(types: [String]) async throws {
    let bench = try Bench()
    let headers = [("Host", "localhost")] + types.map { ("Content-Type", $0) }
    let reply = await bench.send("POST", "/generate", headers: headers, body: #"{"prompt": "a"}"#)
    #expect(reply.status == 415)
    #expect(reply.json["code"] == "unsupported_media_type")
    #expect(reply.json["detail"]?.stringValue?.contains("-H 'Content-Type: application/json'") == true)
    #expect(bench.engine.requests.isEmpty)
  }

  @Test(arguments: ["application/json", "Application/JSON; charset=utf-8", "application/json ;x=y"])
  func acceptsJSON(type: String) async throws {
    let headers = [("Host", "localhost"), ("Content-Type", type)]
    let reply = try await Bench().send("POST", "/", headers: headers, body: #"{"prompt": "a"}"#)
    #expect(reply.status == 200)
  }

  @Test func refusalsOfTheConnectionAreJSON() throws {
    let reply = try Bench().service.refusal(
      of: HTTPError(status: 431, detail: "Too many header fields", code: "headers_too_large"), nil)
    #expect(reply.status == 431)
    #expect(reply.json == ["detail": "Too many header fields", "code": "headers_too_large"])
  }
}

@Suite struct GateTests {
  @Test(arguments: [
    "localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]:9106", "[fe80::1]", "192.168.1.7:1",
    "box.example:8000", "localhost:",
  ])
  func servedHosts(host: String) async throws {
    let bench = try Bench { $0.allowedHosts = ["Box.example"] }
    #expect(await bench.send("GET", "/health", headers: [("Host", host)]).status == 200)
  }

  @Test(arguments: [
    "evil.example", "evil.example:8000", "u:p@127.0.0.1", "127.0.0.1/x", "a b", "a.invalid, b.invalid", "",
    "127.0.0.1:99999", "127.0.0.1:8x", "[::1", "[evil]", "[::1]x", "[::1%25lo]", "0x7f.1", "127.1", ":80",
    "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1\u{0}x", "::1",
  ])
  func otherHosts(host: String) async throws {
    for method in ["GET", "POST"] {
      let reply = try await Bench().send(method, "/health", headers: [("Host", host)])
      #expect(reply.status == 421)
      #expect(reply.json["code"] == "host_not_allowed")
    }
  }

  @Test func noHostIsHTTP10() async throws {
    #expect(try await Bench().send("GET", "/health", headers: []).status == 200)
  }

  @Test(arguments: [
    [("Origin", "http://evil.example")], [("Origin", "null")], [("Origin", "http://localhost:3000")],
    [("Origin", "http://localhost")], [("Origin", "ftp://localhost:8000")], [("Origin", "localhost:8000")],
    [("Origin", "http://localhost:8000"), ("Origin", "http://evil.example")], [("Origin", "")],
    [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "Cross-Site")],
  ])
  func foreignPosts(fields: [(String, String)]) async throws {
    let bench = try Bench()
    let headers = [("Host", "localhost:8000"), ("Content-Type", "application/json")] + fields
    let reply = await bench.send("POST", "/generate", headers: headers, body: #"{"prompt": "a"}"#)
    #expect(reply.status == 403)
    #expect(reply.json["code"] == "cross_origin")
    #expect(bench.engine.requests.isEmpty)
    #expect(await bench.send("GET", "/health", headers: headers).status == 200)
  }

  @Test(arguments: [
    [("Origin", "http://LOCALHOST:8000")], [("Origin", "https://localhost:8000")],
    [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://localhost:8000")], [("Sec-Fetch-Site", "none")],
  ])
  func ownPosts(fields: [(String, String)]) async throws {
    let headers = [("Host", "localhost:8000"), ("Content-Type", "application/json")] + fields
    let reply = try await Bench().send("POST", "/generate", headers: headers, body: #"{"prompt": "a"}"#)
    #expect(reply.status == 200)
  }

  @Test func standardPortsMayBeLeftOut() async throws {
    let headers = [
      ("Host", "127.0.0.1"), ("Content-Type", "application/json"), ("Origin", "http://127.0.0.1:80"),
    ]
    #expect(try await Bench().send("POST", "/", headers: headers, body: #"{"prompt": "a"}"#).status == 200)
  }
}
