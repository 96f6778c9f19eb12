import Access
import Scheduling

extension APIService {
  /// Whether a client that was let in may have what it asks for now.
  ///
  /// Asked once a request. Open routes always answer: they are what the server is watched by.
  /// - Throws: 503 for new work while the server stops, 429 for a client that comes too often.
  func turnAway(_ client: Client, from route: Route) throws(APIError) {
    if route.access == .open { return }
    if configuration.isDraining(), route.takesWork { throw APIError(CancellationError()) }
    if let wait = configuration.rateLimiter?.admit(client.key) { throw .tooSoon(wait) }
  }

  /// What can be told before the body is read: a refusal then saves the client from sending it.
  /// - Throws: as `turnAway`, counting nothing; 429 while the queue is full.
  func foresee(_ client: Client, _ route: Route) throws(APIError) {
    if route.access == .open { return }
    if configuration.isDraining(), route.takesWork { throw APIError(CancellationError()) }
    if let wait = configuration.rateLimiter?.wait(client.key) { throw .tooSoon(wait) }
    if route.takesWork, let full = queue.full { throw APIError(full) }
  }
}

extension APIError {
  static func tooSoon(_ wait: Duration) -> APIError {
    let seconds = max(1, Int((wait / .seconds(1)).rounded(.up)))
    return APIError(
      429, "rate_limited", "Too many requests; try again in \(seconds) s", retryAfter: seconds)
  }
}

extension Route {
  /// Whether it begins something: cancelling and looking go on to the end.
  fileprivate var takesWork: Bool {
    if case .none = body { false } else { true }
  }
}
