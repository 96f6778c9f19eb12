import Generation
import HTTP
import JSON
import Registry
import Scheduling

extension Route {
  static let health: [Route] = [
    Route(
      method: .get, path: "/health", summary: "The engine, its model and its memory.", access: .open,
      replies: [.json(200, "Whatever state the engine is in.", .named("Health", healthShape))],
      answer: { service, _ in .now(service.health()) }),
    Route(
      method: .get, path: "/healthz", summary: "Answers while the process lives.", access: .open,
      replies: [.text(200, "The process lives.")],
      answer: { _, _ in .now(alive) }),
    Route(
      method: .get, path: "/readyz", summary: "200 once a picture can be made, else 503 and why not.",
      access: .open,
      replies: [
        .json(200, "A picture can be made.", .record(["ready": .boolean])),
        .json(503, "None can be made now.", .record(["ready": .boolean, "reason": .text])),
      ],
      answer: { service, _ in .now(service.readiness()) }),
  ]

  private static let healthShape = Shape.record([
    "status": .choice(["healthy"] + EngineStatus.State.allCases.filter { $0 != .ready }.map(\.rawValue)),
    "current_model": .nullable(.text), "available_models": .array(.text), "ip_adapter_loaded": .boolean,
    "cuda_available": .boolean, "gpu_name": .nullable(.text), "vram_allocated_gb": .number,
    "version": .text, "uptime_s": .number,
    "engine": .record([
      "state": .choice(EngineStatus.State.allCases.map(\.rawValue)), "detail": .nullable(.text),
      "pid": .nullable(.integer),
    ]),
    "queue": .record(["running": .integer, "waiting": .integer, "limit": .integer]),
  ])

  private static let alive: HTTPResponse = {
    var headers = HTTPHeaders()
    headers.add("Content-Type", "text/plain; charset=utf-8")
    return HTTPResponse(status: 200, headers: headers, body: Array("ok\n".utf8))
  }()
}

extension APIService {
  func health() -> HTTPResponse {
    let tenths = Int((ContinuousClock.now - started) / .milliseconds(100))
    let key = HealthCache.Key(engine: engine.status, queue: queue.snapshot, uptime: tenths)
    return healthCache.response(key) { health(key) }
  }

  private func health(_ key: HealthCache.Key) -> HTTPResponse {
    let (engine, queue) = (key.engine, key.queue)
    let onGPU = engine.device?.hasPrefix("cuda") == true
    let gigabytes = (Double(engine.allocatedBytes) / 1e9 * 100).rounded() / 100
    return .json([
      "status": .string(engine.state == .ready ? "healthy" : engine.state.rawValue),
      "current_model": text(engine.model),
      "available_models": .array(registry().available.map { .string($0.id) }),
      "ip_adapter_loaded": .bool(engine.ipAdapterLoaded),
      "cuda_available": .bool(engine.cudaAvailable),
      "gpu_name": text(onGPU ? engine.deviceName : nil),
      "vram_allocated_gb": JSONValue(floatLiteral: gigabytes),
      "version": .string(configuration.version),
      "uptime_s": JSONValue(floatLiteral: Double(key.uptime) / 10),
      "engine": [
        "state": .string(engine.state.rawValue), "detail": text(engine.detail),
        "pid": engine.processID.map { .number(JSONNumber(Int($0))) } ?? .null,
      ],
      "queue": [
        "running": .number(JSONNumber(queue.running)), "waiting": .number(JSONNumber(queue.waiting)),
        "limit": .number(JSONNumber(queue.limit)),
      ],
    ])
  }

  func readiness() -> HTTPResponse {
    guard let lack else { return .json(["ready": true]) }
    return .json(["ready": false, "reason": .string(lack)], status: 503)
  }

  /// Why no picture can be made now; `nil` when one can.
  var lack: String? {
    if configuration.isDraining() { return "The server is draining: it is about to stop" }
    let engine = engine.status
    guard engine.state == .ready else {
      return "The engine is \(engine.state.rawValue)" + (engine.detail.map { ": \($0)" } ?? "")
    }
    // Ready to answer, but not to make a picture: the engine says what it lacks.
    if let lack = engine.detail { return lack }
    return registry().available.isEmpty ? "No model is available" : nil
  }

  private func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
}
