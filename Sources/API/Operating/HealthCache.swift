import Generation
import HTTP
import Scheduling
import Synchronization

/// The last answer of `/health`, for as long as it would be the same.
///
/// The listing of models in it may be a tenth of a second old, less than the registry itself.
final class HealthCache: Sendable {
  struct Key: Sendable, Equatable {
    let engine: EngineStatus
    let queue: JobQueue.Snapshot
    /// Tenths of a second since the start.
    let uptime: Int
  }

  private let last = Mutex<(key: Key, response: HTTPResponse)?>(nil)

  func response(_ key: Key, _ make: () -> HTTPResponse) -> HTTPResponse {
    last.withLock { last in
      if let last, last.key == key { return last.response }
      let response = make()
      last = (key, response)
      return response
    }
  }
}
