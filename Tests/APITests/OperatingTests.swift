import Access
import Foundation
import Generation
import HTTP
import JSON
import Scheduling
import Synchronization
import Telemetry
import Testing

@testable import API

@Suite struct OperatingTests {
  private final class Switch: Sendable {
    private let value = Mutex(false)

    var isOn: Bool { value.withLock { $0 } }
    func turnOn() { value.withLock { $0 = true } }
  }

  /// The keys that gateways read.
  @Test func theGatewaySeesRoomAndHealth() async throws {
    let reply = try await Bench(queue: JobQueue(limit: 5)).send("GET", "/v1/gateway/status")
    #expect(reply.status == 200)
    #expect(reply.json.keys == ["admission_control", "backend_health"])
    #expect(
      reply.json["admission_control"] == ["gpu_heavy.images": ["limit": 5, "available": 5, "inflight": 0]])
    let health = try #require(reply.json["backend_health"]?["gpu_heavy"])
    #expect(health.keys == ["healthy", "ready", "last_check", "error"])
    #expect((health["healthy"], health["ready"], health["error"]) == (true, true, .null))
    let time = try #require(health["last_check"]?.numberValue?.double)
    #expect(abs(time - Date().timeIntervalSince1970) < 60)

    let dead = EngineStatus(state: .restarting, detail: "it died")
    let ill = try await Bench(engine: ScriptedEngine(status: dead)).send("GET", "/v1/gateway/status")
    let words = try #require(ill.json["backend_health"]?["gpu_heavy"])
    #expect((words["healthy"], words["ready"]) == (false, false))
    #expect(words["error"] == "The engine is restarting: it died")
    // The engine is well, but has nothing to make pictures with.
    let empty = try await Bench(models: []).send("GET", "/v1/gateway/status")
    let lacking = try #require(empty.json["backend_health"]?["gpu_heavy"])
    #expect(
      (lacking["healthy"], lacking["ready"], lacking["error"]) == (true, false, "No model is available"))
  }

  @Test func theGatewaySeesJobs() async throws {
    let queue = JobQueue(limit: 2)
    let bench = try Bench(queue: queue)
    try await queue.submit(steps: 1) { _ in
      let reply = await bench.send("GET", "/v1/gateway/status")
      #expect(
        reply.json["admission_control"] == ["gpu_heavy.images": ["limit": 2, "available": 1, "inflight": 1]])
      let text = String(decoding: await bench.send("GET", "/metrics").body, as: UTF8.self)
      #expect(text.contains("\ndarkroom_jobs{state=\"running\"} 1\n"))
    }
  }

  @Test func metricsCountWhatWasAnswered() async throws {
    let bench = try Bench {
      $0.statistics = { ConnectionFigures(open: 3, accepted: 9, refused: 1, bodyBytes: 77) }
      $0.metrics = { [MetricFamily("extra", "More.", .gauge, 5)] }
    }
    let story = RequestStory(route: "/generate", client: Client(address: "::1"))
    var times = JobTimes()
    times.queue = 700
    story.job = times
    func finish(_ method: String, _ status: Int, _ account: RequestStory?) {
      bench.service.finished(
        HTTPExchange(
          method: method, target: "/x?y", requestID: "a", remoteAddress: "::1", status: status,
          receivedBytes: 10, sentBytes: 100, duration: .milliseconds(30), account: account))
    }
    finish("POST", 200, story)
    finish("POST", 200, story)
    // Made-up methods and paths must not make new lines.
    for method in ["X1", "X2", "X3"] { finish(method, 404, nil) }
    let reply = await bench.send("GET", "/metrics")
    #expect(reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
    let text = String(decoding: reply.body, as: UTF8.self)
    for line in [
      #"darkroom_http_requests_total{route="/generate",method="POST",status="200"} 2"#,
      #"darkroom_http_requests_total{route="none",method="other",status="404"} 3"#,
      #"darkroom_http_request_seconds_bucket{route="/generate",le="0.025"} 0"#,
      #"darkroom_http_request_seconds_bucket{route="/generate",le="0.1"} 2"#,
      "darkroom_http_received_bytes_total 50", "darkroom_http_sent_bytes_total 500",
      #"darkroom_queue_wait_seconds_bucket{le="0.5"} 0"#, #"darkroom_queue_wait_seconds_bucket{le="1"} 2"#,
      "darkroom_connections 3", #"darkroom_connections_total{outcome="refused"} 1"#, "darkroom_body_bytes 77",
      #"darkroom_jobs{state="waiting"} 0"#, "darkroom_queue_limit 16", "darkroom_ready 1",
      "darkroom_engine_up 1", "darkroom_vram_bytes 0", "extra 5",
    ] {
      #expect(text.contains("\n\(line)\n"), "no \(line) in \(text)")
    }
  }

  @Test func drainingIsNotReadyAndTakesNoNewWork() async throws {
    let draining = Switch()
    let bench = try Bench { $0.isDraining = { draining.isOn } }
    #expect(await bench.send("GET", "/readyz").status == 200)
    #expect(await bench.post(#"{"prompt": "a"}"#).status == 200)
    draining.turnOn()
    let ready = await bench.send("GET", "/readyz")
    #expect(ready.status == 503)
    #expect(ready.json == ["ready": false, "reason": "The server is draining: it is about to stop"])
    let refused = await bench.post(#"{"prompt": "a"}"#)
    #expect((refused.status, refused.json["code"]) == (503, "shutting_down"))
    #expect(refused.headers["Retry-After"] != nil)
    for path in ["/health", "/healthz", "/models", "/metrics"] {
      #expect(await bench.send("GET", path).status == 200)
    }
  }

  @Test func eachClientHasItsRate() async throws {
    let table = try TokenTable(text: "anna sesame\nben simsim")
    let bench = try Bench {
      $0.tokens = { table }
      $0.rateLimiter = RateLimiter(perMinute: 2)
    }
    func ask(_ token: String, _ path: String = "/models") async -> HTTPResponse {
      await bench.send("GET", path, headers: [("Host", "localhost"), ("Authorization", "Bearer \(token)")])
    }
    for status in [200, 200, 429] { #expect(await ask("sesame").status == status) }
    let refused = await ask("sesame")
    #expect(refused.json["code"] == "rate_limited")
    let seconds = try #require(refused.headers["Retry-After"].flatMap { Int($0) })
    #expect((1...30).contains(seconds))
    #expect(await ask("simsim").status == 200)
    #expect(await ask("nonsense").status == 401)
    for _ in 0..<10 { #expect(await ask("sesame", "/health").status == 200) }
  }

  /// The engine's state, the queue and the time show at once, whatever was answered before.
  @Test func healthIsNeverStale() async throws {
    let (engine, queue) = (ScriptedEngine(), JobQueue(limit: 4))
    let bench = try Bench(engine: engine, queue: queue)
    let first = await bench.send("GET", "/health").json
    #expect(first["queue"]?["running"] == 0)
    try await queue.submit(steps: 1) { _ in
      #expect(await bench.send("GET", "/health").json["queue"]?["running"] == 1)
    }
    engine.status = EngineStatus(state: .restarting, detail: "it died")
    #expect(await bench.send("GET", "/health").json["status"] == "restarting")
    try await Task.sleep(for: .milliseconds(150))
    let later = await bench.send("GET", "/health").json
    let times = [first, later].map { $0["uptime_s"]?.numberValue?.double ?? -1 }
    #expect(times[1] > times[0])
  }
}
