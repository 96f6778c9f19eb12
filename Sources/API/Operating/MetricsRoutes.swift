import Generation
import HTTP
import Scheduling
import Telemetry

extension Route {
  static let operating: [Route] = [
    Route(
      method: .get, path: "/metrics", summary: "What Prometheus collects.",
      replies: [.text(200, "The text format, version 0.0.4.")],
      answer: { service, _ in .now(service.metricsReply()) }),
    Route(
      method: .get, path: "/v1/gateway/status", summary: "How much room there is, and how the engine is.",
      replies: [.json(200, "Whatever state the engine is in.", .named("GatewayStatus", gatewayStatus))],
      answer: { service, _ in .now(service.gatewayReply()) }),
  ]
}

extension APIService {
  func metricsReply() -> HTTPResponse {
    let families = metrics.families + snapshots + connections + configuration.metrics()
    return HTTPResponse(
      status: 200, headers: ["Content-Type": MetricFamily.contentType], body: MetricFamily.text(families))
  }

  private var snapshots: [MetricFamily] {
    let (queue, engine) = (queue.snapshot, engine.status)
    var families = [
      MetricFamily(
        "darkroom_jobs", "Pictures that are made or wait.", .gauge, by: "state",
        [("running", Double(queue.running)), ("waiting", Double(queue.waiting))]),
      MetricFamily(
        "darkroom_queue_limit", "How many may be made and wait together.", .gauge, Double(queue.limit)),
      MetricFamily(
        "darkroom_ready", "1 when a picture can be made.", .gauge, lack == nil ? 1 : 0),
      MetricFamily(
        "darkroom_engine_up", "1 when the engine is ready.", .gauge, engine.state == .ready ? 1 : 0),
      MetricFamily(
        "darkroom_vram_bytes", "GPU memory held by tensors.", .gauge, Double(engine.allocatedBytes)),
      MetricFamily(
        "darkroom_model_loaded", "1 for the model that is resident.", .gauge, by: "model",
        engine.model.map { [($0, 1)] } ?? []),
    ]
    if let seconds = queue.stepSeconds {
      families.append(
        MetricFamily("darkroom_step_mean_seconds", "A step's time, newest count most.", .gauge, seconds))
    }
    return families
  }

  private var connections: [MetricFamily] {
    guard let figures = configuration.statistics?() else { return [] }
    return [
      MetricFamily("darkroom_connections", "Connections open now.", .gauge, Double(figures.open)),
      MetricFamily(
        "darkroom_connections_total", "Connections since the start.", .counter, by: "outcome",
        [("accepted", Double(figures.accepted)), ("refused", Double(figures.refused))]),
      MetricFamily(
        "darkroom_body_bytes", "Memory that requests' bodies take now.", .gauge, Double(figures.bodyBytes)),
    ]
  }
}
