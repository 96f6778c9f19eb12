import API
import Access
import HTTP
import JSON
import Synchronization
import Testing

@Suite struct AuthenticationTests {
  private func bench() throws -> Bench {
    let table = try TokenTable(text: "anna sesame")
    return try Bench { $0.tokens = { table } }
  }

  private func send(_ method: String, _ path: String, _ fields: [String]) async throws -> HTTPResponse {
    let headers = [("Host", "localhost:8000")] + fields.map { ("Authorization", $0) }
    return try await bench().send(method, path, headers: headers)
  }

  @Test(arguments: ["Bearer sesame", "bearer sesame", "BEARER  sesame"])
  func aKnownTokenLetsIn(field: String) async throws {
    #expect(try await send("GET", "/models", [field]).status == 200)
    #expect(try await send("GET", "/no-such", [field]).status == 404)
    #expect(try await send("POST", "/models", [field]).status == 405)
    #expect(try await send("POST", "/generate", [field]).status == 415)
  }

  @Test(arguments: [
    [], ["Bearer"], ["Bearer "], ["Bearer sesam"], ["Bearer sesame "], ["Bearer sesame,x"], ["sesame"],
    ["Basic sesame"], ["Bearersesame"], ["Bearer sesame", "Bearer sesame"], ["Bearer x", "Bearer sesame"],
    [""],
  ])
  func othersLearnNothing(fields: [String]) async throws {
    let paths = [
      ("GET", "/models"), ("GET", "/no-such"), ("POST", "/models"), ("POST", "/generate"),
      ("OPTIONS", "/models"), ("PATCH", "/"),
    ]
    for (method, path) in paths {
      let reply = try await send(method, path, fields)
      #expect(reply.status == 401, "\(method) \(path)")
      #expect(reply.headers["WWW-Authenticate"] == "Bearer")
      #expect(reply.json["code"] == "unauthorized")
    }
    for path in ["/health", "/healthz", "/readyz"] {
      #expect(try await send("GET", path, fields).status == 200)
    }
  }

  @Test func tokensMayChange() async throws {
    let table = Mutex(try TokenTable(text: "anna sesame"))
    let bench = try Bench { $0.tokens = { table.withLock { $0 } } }
    let old = [("Host", "localhost"), ("Authorization", "Bearer sesame")]
    #expect(await bench.send("GET", "/models", headers: old).status == 200)
    let new = try TokenTable(text: "anna simsim")
    table.withLock { $0 = new }
    #expect(await bench.send("GET", "/models", headers: old).status == 401)
  }

  @Test func headsAreRefusedBeforeTheirBodies() throws {
    var headers: HTTPHeaders = ["Host": "localhost", "Content-Type": "application/json"]
    let service = try bench().service
    func refusal(_ path: String) -> Int? {
      let head = HTTPRequest(method: "POST", target: path, path: path, headers: headers)
      return service.refusal(ofHead: head)?.status
    }
    #expect((refusal("/generate"), refusal("/no-such")) == (401, 401))
    headers.add("Authorization", "Bearer sesame")
    #expect((refusal("/generate"), refusal("/no-such"), refusal("/health")) == (nil, 404, 405))
    headers.set("Content-Type", "text/plain")
    #expect(refusal("/generate") == 415)
    headers.set("Host", "evil.example")
    #expect(refusal("/generate") == 421)
  }
}
