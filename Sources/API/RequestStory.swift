import HTTP
import Synchronization
import Telemetry

/// What is remembered of a request until its response is sent: where it went, and what was done for it.
final class RequestStory: RequestAccount {
  /// The template of the path; `nil` for a request that reached no route.
  let route: String?
  let client: Client
  private let state = Mutex<(times: JobTimes?, failure: APIError?)>((nil, nil))

  init(route: String?, client: Client) { (self.route, self.client) = (route, client) }

  /// Where the time of the picture went, once it is made.
  var job: JobTimes? {
    get { state.withLock { $0.times } }
    set { state.withLock { $0.times = newValue } }
  }

  /// Why there is no picture, once its job failed.
  var failure: APIError? {
    get { state.withLock { $0.failure } }
    set { state.withLock { $0.failure = newValue } }
  }
}
