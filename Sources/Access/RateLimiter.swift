import Synchronization

/// How often each client may come: so many requests at once, then one each time a share of a minute has passed.
///
/// The generic cell rate algorithm (ITU-T I.371): a client is one moment, at which its requests so
/// far, evenly spread, would be over.
public final class RateLimiter: Sendable {
  private let interval: Duration
  private let tolerance: Duration
  private let capacity: Int
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  fileprivate struct State {
    /// When each one's requests so far would be over.
    var busyUntil: [String: ContinuousClock.Instant] = [:]
    var lastSweep: ContinuousClock.Instant?
  }

  /// What clients are counted as together that come when there is no room to remember more of them.
  private static let others = ""

  /// - Parameter perMinute: at least 1; as many may come at once.
  public convenience init(perMinute: Int) {
    self.init(perMinute: perMinute, capacity: 65_536) { ContinuousClock.now }
  }

  /// - Parameter capacity: how many clients are remembered.
  init(perMinute: Int, capacity: Int, now: @escaping @Sendable () -> ContinuousClock.Instant) {
    interval = .seconds(60) / max(1, perMinute)
    tolerance = .seconds(60) - interval
    (self.capacity, self.now) = (capacity, now)
  }

  /// Counts a request of a client, unless it came too soon.
  /// - Returns: `nil` when it may go on, else the time until it may come again.
  public func admit(_ client: String) -> Duration? {
    let time = now()
    return state.withLock { state in
      var client = client
      if state.busyUntil[client] == nil, state.busyUntil.count >= capacity, !state.sweep(at: time, capacity) {
        client = Self.others
      }
      let busyUntil = max(state.busyUntil[client] ?? time, time)
      let wait = busyUntil - time - tolerance
      if wait > .zero { return wait }
      state.busyUntil[client] = busyUntil + interval
      return nil
    }
  }

  /// The time until a client may come again, as `admit` would tell it now; counts nothing.
  public func wait(_ client: String) -> Duration? {
    let time = now()
    return state.withLock { state in
      let wait = (state.busyUntil[client] ?? time) - time - tolerance
      return wait > .zero ? wait : nil
    }
  }
}

extension RateLimiter.State {
  /// Forgets those whose requests are over, at most once a second since it takes long.
  /// - Returns: whether there is room now.
  fileprivate mutating func sweep(at time: ContinuousClock.Instant, _ capacity: Int) -> Bool {
    if let lastSweep, time - lastSweep < .seconds(1) { return false }
    lastSweep = time
    busyUntil = busyUntil.filter { $0.value > time }
    return busyUntil.count < capacity
  }
}
