import Access
import HTTP
import Synchronization
import Telemetry
import Testing

@testable import API

@Suite struct AccessRecordTests {
  /// The account that a request leaves, after it was answered.
  private func story(_ method: String, _ path: String, _ body: String = "") async throws -> RequestStory? {
    let table = try TokenTable(text: "anna sesame")
    let bench = try Bench { $0.tokens = { table } }
    let request = HTTPRequest(
      method: method, target: path, path: path,
      headers: ["Host": "localhost", "Content-Type": "application/json", "Authorization": "Bearer sesame"],
      body: Array(body.utf8), remoteAddress: "10.0.0.7")
    switch bench.service.respond(to: request) {
    case .now(_, let account): return account as? RequestStory
    case .later(let account, let work):
      _ = await work()
      return account as? RequestStory
    }
  }

  @Test func aRouteAndAClientAreRemembered() async throws {
    let story = try #require(try await story("GET", "/models"))
    #expect((story.route, story.client) == ("/models", Client(address: "10.0.0.7", token: "anna")))
    #expect(story.client.key == "token:anna")
    #expect(story.job == nil)
    // Nobody needs a token there, so nobody is known by one.
    let open = try #require(try await self.story("GET", "/health"))
    #expect((open.route, open.client.key) == ("/health", "address:10.0.0.7"))
  }

  @Test func aPictureTellsItsTimes() async throws {
    let story = try #require(try await story("POST", "/generate", #"{"prompt": "a", "steps": 20}"#))
    let job = try #require(story.job)
    #expect((job.load, job.denoise, job.step, job.steps) == (12.34, 1000, 50, 20))
  }

  @Test func anExchangeBecomesALine() async throws {
    let lines = Mutex<[String]>([])
    let log = LineLog(format: .text) { line in
      lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
      return true
    }
    let service = try Bench { $0.accessLog = AccessLog(log) }.service
    let story = RequestStory(route: "/jobs/{id}", client: Client(address: "::1", token: "anna"))
    service.finished(
      HTTPExchange(
        method: "GET", target: "/jobs/7?token=secret", requestID: "abc", remoteAddress: "::1", status: 200,
        sentBytes: 9, duration: .milliseconds(2), ending: .hungUp, account: story))
    log.flush(within: .seconds(10))
    #expect(lines.withLock { $0.count } == 1)
    #expect(
      lines.withLock { $0.first }?.hasSuffix(
        " GET /jobs/7 200 id=abc remote=::1 client=anna route=/jobs/{id} bytes_in=0 bytes=9 total_ms=2.0 "
          + "incomplete\n") == true)
  }
}
