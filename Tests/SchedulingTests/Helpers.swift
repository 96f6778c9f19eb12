import Synchronization

/// Holds jobs until it is opened.
final class Gate: Sendable {
  private let isOpen = Atomic(false)

  func wait() async {
    while !isOpen.load(ordering: .acquiring) { await Task.yield() }
  }

  func open() {
    isOpen.store(true, ordering: .releasing)
  }
}

/// Which jobs began, in order, and how many ran at the same time.
final class Log: Sendable {
  private struct State {
    var begun: [Int] = []
    var now = 0
    var most = 0
  }

  private let state = Mutex(State())

  func begin(_ number: Int) {
    state.withLock { state in
      state.begun.append(number)
      state.now += 1
      state.most = max(state.most, state.now)
    }
  }

  func end() {
    state.withLock { $0.now -= 1 }
  }

  var begun: [Int] { state.withLock(\.begun) }
  var mostAtOnce: Int { state.withLock(\.most) }
}

/// A clock that is moved by hand.
final class ManualClock: Sendable {
  private let instant = Mutex(ContinuousClock.now)

  var now: ContinuousClock.Instant { instant.withLock(\.self) }

  func advance(_ duration: Duration) {
    instant.withLock { $0 = $0.advanced(by: duration) }
  }
}
