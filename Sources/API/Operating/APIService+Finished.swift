public import HTTP
import Telemetry

extension APIService {
  public func finished(_ exchange: HTTPExchange) {
    metrics.count(exchange)
    configuration.accessLog?.write(AccessRecord(exchange))
  }
}

extension AccessRecord {
  init(_ exchange: HTTPExchange) {
    self.init(
      id: exchange.requestID, remote: exchange.remoteAddress, method: exchange.method, path: exchange.path,
      status: exchange.status, receivedBytes: exchange.receivedBytes, sentBytes: exchange.sentBytes,
      isComplete: exchange.ending == .sent, milliseconds: exchange.duration / .milliseconds(1))
    guard let story = exchange.account as? RequestStory else { return }
    (client, route, job) = (story.client.token, story.route, story.job)
  }
}
