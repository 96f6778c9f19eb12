import API
import Generation
import HTTP
import JSON
import Scheduling
import Testing

@Suite struct HealthTests {
  @Test func sevenKeysComeFirstInTheirOrder() async throws {
    let status = EngineStatus(
      state: .ready, model: "animagine", device: "cuda:0", deviceName: "NVIDIA GeForce RTX 4090",
      cudaAvailable: true, allocatedBytes: 10_204_000_000, processID: 42)
    let bench = try Bench(engine: ScriptedEngine(status: status))
    let reply = await bench.send("GET", "/health")
    #expect(reply.status == 200)
    #expect(reply.headers["Content-Type"] == "application/json")
    #expect(
      reply.json.keys == [
        "status", "current_model", "available_models", "ip_adapter_loaded", "cuda_available", "gpu_name",
        "vram_allocated_gb", "version", "uptime_s", "engine", "queue",
      ])
    #expect(reply.json["status"] == "healthy")
    #expect(reply.json["current_model"] == "animagine")
    #expect(reply.json["available_models"] == ["animagine", "pony"])
    #expect(reply.json["gpu_name"] == "NVIDIA GeForce RTX 4090")
    #expect(reply.json["vram_allocated_gb"] == 10.2)
    #expect(reply.json["engine"] == ["state": "ready", "detail": .null, "pid": 42])
    #expect(reply.json["queue"] == ["running": 0, "waiting": 0, "limit": 16])
  }

  @Test func nullsWhereThereIsNothing() async throws {
    let status = EngineStatus(state: .restarting, device: "cpu", deviceName: "AMD EPYC", detail: "it died")
    let bench = try Bench(engine: ScriptedEngine(status: status))
    let reply = await bench.send("GET", "/health")
    #expect(reply.status == 200)
    #expect(reply.json["status"] == "restarting")
    #expect(reply.json["current_model"] == .null)
    #expect(reply.json["gpu_name"] == .null)
    #expect(reply.json["vram_allocated_gb"] == 0.0)
    #expect(reply.json["engine"]?["detail"] == "it died")
  }

  @Test(arguments: ["/health", "/healthz", "/readyz", "/models", "/metrics", "/v1/gateway/status"])
  func answersOnTheReactor(path: String) throws {
    let bench = try Bench()
    var headers = HTTPHeaders()
    headers.add("Host", "127.0.0.1")
    let request = HTTPRequest(
      method: "GET", target: path, path: path, query: nil, version: .http11, headers: headers, body: [],
      remoteAddress: "127.0.0.1")
    guard case .now(let response, _) = bench.service.respond(to: request) else {
      Issue.record("\(path) is answered later")
      return
    }
    #expect(response.status == 200)
  }

  @Test func alive() async throws {
    let reply = try await Bench().send("GET", "/healthz")
    #expect(reply.body == Array("ok\n".utf8))
    #expect(reply.headers["Content-Type"] == "text/plain; charset=utf-8")
  }

  @Test func readiness() async throws {
    let ready = try await Bench().send("GET", "/readyz")
    #expect((ready.status, ready.json) == (200, ["ready": true]))

    let starting = EngineStatus(state: .starting, detail: "reading animagine")
    let waiting = try await Bench(engine: ScriptedEngine(status: starting)).send("GET", "/readyz")
    #expect(waiting.status == 503)
    #expect(waiting.json == ["ready": false, "reason": "The engine is starting: reading animagine"])

    let empty = try await Bench(models: []).send("GET", "/readyz")
    #expect((empty.status, empty.json["reason"]) == (503, "No model is available"))
  }
}
