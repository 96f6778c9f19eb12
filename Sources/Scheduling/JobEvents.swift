import Synchronization

/// The events of one job for one reader, who may be slow: steps wait in their order, of every other kind the newest, and
/// the end always.
public final class JobEvents: Sendable {
  /// Steps that wait for the reader; of more the oldest are lost.
  static let mostSteps = 256

  private struct State {
    /// In the order they came.
    var waiting: [JobEvent] = []
    var reader: CheckedContinuation<Void, Never>?
    /// Numbers the reader's waits, so that a timer that comes too late ends no later one.
    var wait: UInt64 = 0

    mutating func take() -> JobEvent? {
      waiting.isEmpty ? nil : waiting.removeFirst()
    }

    mutating func add(_ event: JobEvent) {
      let most = event.kind == .step ? JobEvents.mostSteps : 1
      if waiting.count(where: { $0.kind == event.kind }) >= most,
        let oldest = waiting.firstIndex(where: { $0.kind == event.kind })
      {
        waiting.remove(at: oldest)
      }
      waiting.append(event)
    }

    mutating func takeReader() -> CheckedContinuation<Void, Never>? {
      defer { reader = nil }
      return reader
    }
  }

  private let state = Mutex(State())

  init() {}

  /// The next event, or `nil` when there is none within `patience` or the task is cancelled. Calls must not overlap.
  /// - Parameter patience: `nil` to wait for as long as it takes.
  public func next(within patience: Duration?) async -> JobEvent? {
    if let event = state.withLock({ $0.take() }) { return event }
    let wait = state.withLock { state in
      state.wait += 1
      return state.wait
    }
    let timer = patience.map { patience in
      Task {
        try await Task.sleep(for: patience)
        endWait(wait)
      }
    }
    defer { timer?.cancel() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isSettled = state.withLock { state in
          // An event, or the end of this wait, may have come before.
          if Task.isCancelled || state.wait != wait || !state.waiting.isEmpty {
            return true
          }
          state.reader = continuation
          return false
        }
        if isSettled { continuation.resume() }
      }
    } onCancel: {
      endWait(wait)
    }
    return state.withLock { $0.take() }
  }

  private func endWait(_ wait: UInt64) {
    let reader: CheckedContinuation<Void, Never>? = state.withLock { state in
      guard state.wait == wait else { return nil }
      state.wait += 1
      return state.takeReader()
    }
    reader?.resume()
  }

  /// Never waits.
  func post(_ event: JobEvent) {
    let reader = state.withLock { state in
      state.add(event)
      return state.takeReader()
    }
    reader?.resume()
  }
}

extension JobEvent {
  fileprivate enum Kind {
    case queued, loading, step, preview, ended
  }

  fileprivate var kind: Kind {
    switch self {
    case .queued: .queued
    case .loading: .loading
    case .step: .step
    case .preview: .preview
    case .ended: .ended
    }
  }
}
