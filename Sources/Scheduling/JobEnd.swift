import Synchronization

/// How a job ended, for everyone who waits for that.
final class JobEnd: Sendable {
  private struct State {
    var outcome: JobOutcome?
    var waiting: [CheckedContinuation<JobOutcome, Never>] = []
  }

  private let state = Mutex(State())

  /// Told once.
  func tell(_ outcome: JobOutcome) {
    let waiting = state.withLock { state in
      state.outcome = outcome
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(returning: outcome) }
  }

  /// Waits, for as long as it takes and whether or not the caller is cancelled.
  func outcome() async -> JobOutcome {
    await withCheckedContinuation { continuation in
      let outcome = state.withLock { state in
        if state.outcome == nil { state.waiting.append(continuation) }
        return state.outcome
      }
      if let outcome { continuation.resume(returning: outcome) }
    }
  }
}
