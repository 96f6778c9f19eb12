import HTTP
import Synchronization
import Telemetry

/// What is remembered of a request until its response is sent: where it went, and what was done for it.
final class RequestStory: RequestAccount {
  /// The template of the path; `nil` for a request that reached no route.
  let route: String?
  let client: Client
  private let times = Mutex<JobTimes?>(nil)

  init(route: String?, client: Client) { (self.route, self.client) = (route, client) }

  /// Where the time of the picture went, once it is made.
  var job: JobTimes? {
    get { times.withLock { $0 } }
    set { times.withLock { $0 = newValue } }
  }
}
