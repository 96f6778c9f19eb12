import HTTP
import Telemetry

/// What the routes count of themselves.
final class RequestMetrics: Sendable {
  struct Outcome: MetricLabels {
    static let names = ["route", "method", "status"]
    let route: String
    let method: String
    let status: Int

    var values: [String] { [route, method, String(status)] }
  }

  struct Place: MetricLabels {
    static let names = ["route"]
    let route: String

    var values: [String] { [route] }
  }

  private let requests = Counter<Outcome>("darkroom_http_requests_total", "Requests answered.")
  private let seconds = Histogram<Place>(
    "darkroom_http_request_seconds", "From a request's last byte to its response's.",
    bounds: [0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300])
  private let received = Counter<NoLabels>(
    "darkroom_http_received_bytes_total", "Bytes of requests' bodies.")
  private let sent = Counter<NoLabels>("darkroom_http_sent_bytes_total", "Bytes of responses' bodies.")
  private let waited = Histogram<NoLabels>(
    "darkroom_queue_wait_seconds", "What finished pictures waited for their turn.",
    bounds: [0.001, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600])

  /// Requests that reached no route count under this one: their paths are the clients' invention.
  private static let nowhere = "none"
  /// Likewise for methods.
  private static let methods: Set = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

  func count(_ exchange: HTTPExchange) {
    let story = exchange.account as? RequestStory
    let route = story?.route ?? Self.nowhere
    let method = Self.methods.contains(exchange.method) ? exchange.method : "other"
    requests.add(1, Outcome(route: route, method: method, status: exchange.status))
    seconds.observe(exchange.duration / .seconds(1), Place(route: route))
    if exchange.receivedBytes > 0 { received.add(exchange.receivedBytes) }
    if exchange.sentBytes > 0 { sent.add(exchange.sentBytes) }
    if let job = story?.job { waited.observe(job.queue / 1000) }
  }

  var families: [MetricFamily] {
    [requests.family, seconds.family, received.family, sent.family, waited.family]
  }
}
