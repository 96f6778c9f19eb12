import Dispatch
import Foundation
import Synchronization

/// A few threads of their own for work that blocks or computes long, so that Swift's shared threads stay free.
public final class WorkPool: Sendable {
  /// As much work waits as `run` accepts.
  public struct Full: Error, Equatable {}

  private let core: Core
  private let threads: Int

  /// - Parameters:
  ///   - threads: at least 1.
  ///   - limit: pieces of work that may wait for `run`, at least 1.
  ///   - name: of the threads, as debuggers show it; Linux keeps 15 bytes.
  public init(threads: Int, limit: Int, name: String) {
    self.threads = max(1, threads)
    core = Core(limit: max(1, limit))
    // Foundation loses a name that is set before `start` has come back to the maker.
    let started = DispatchSemaphore(value: 0)
    for number in 1...self.threads {
      let thread = Thread { [core] in
        started.wait()
        Thread.current.name = "\(name)-\(number)"
        core.serve()
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
    for _ in 1...self.threads { started.signal() }
  }

  deinit { core.stop(threads: threads) }

  /// Runs `work` on one of the threads, in the order of calls.
  ///
  /// - Throws: what `work` throws; `Full` at once; `CancellationError` when the task is cancelled before the
  ///   work begins. Work that has begun is finished.
  public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await run(in: .ordinary, work)
  }

  /// Runs `work` before all that waits for `run`: what is left to do for a job whose turn has come, since the queue bounds
  /// the number of those, and their pictures took minutes.
  ///
  /// - Throws: as `run`, but never `Full`.
  public func runFirst<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value
  {
    try await run(in: .first, work)
  }

  private func run<Value: Sendable>(
    in lane: Lane, _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    let id = core.newID()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
        let item = Item(
          id: id, run: { continuation.resume(with: Result { try work() }) },
          drop: { continuation.resume(throwing: CancellationError()) })
        if !core.add(item, to: lane) { continuation.resume(throwing: Full()) }
      }
    } onCancel: {
      core.cancel(id)
    }
  }
}

/// Which of the waiting pieces are taken.
private enum Lane: Int, CaseIterable {
  /// Before the others, and in any number.
  case first
  case ordinary
}

/// One piece of work; exactly one of `run` and `drop` is called, once.
private struct Item: Sendable {
  let id: UInt64
  let run: @Sendable () -> Void
  let drop: @Sendable () -> Void
}

/// What the threads share; they keep it alive when the pool is gone.
private final class Core: Sendable {
  private struct State {
    /// Of each lane.
    var waiting: [[Item]] = Lane.allCases.map { _ in [] }
    var lastID: UInt64 = 0
    var stopped = false

    mutating func take() -> Item? {
      guard let lane = waiting.firstIndex(where: { !$0.isEmpty }) else { return nil }
      return waiting[lane].removeFirst()
    }
  }

  private enum Next {
    case item(Item)
    case nothing
    case end
  }

  private let state = Mutex(State())
  // One signal for each item ever added and each thread to be stopped; a cancelled item leaves a spare one.
  private let signal = DispatchSemaphore(value: 0)
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  func newID() -> UInt64 {
    state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
  }

  /// - Returns: `false` when the pool is full.
  func add(_ item: Item, to lane: Lane) -> Bool {
    let added = state.withLock { state in
      guard lane == .first || state.waiting[lane.rawValue].count < limit else { return false }
      state.waiting[lane.rawValue].append(item)
      return true
    }
    if added { signal.signal() }
    return added
  }

  func cancel(_ id: UInt64) {
    let item: Item? = state.withLock { state in
      for lane in state.waiting.indices {
        guard let index = state.waiting[lane].firstIndex(where: { $0.id == id }) else { continue }
        return state.waiting[lane].remove(at: index)
      }
      return nil
    }
    item?.drop()
  }

  func stop(threads: Int) {
    state.withLock { $0.stopped = true }
    for _ in 0..<threads { signal.signal() }
  }

  func serve() {
    while true {
      signal.wait()
      let next: Next = state.withLock { state in
        if let item = state.take() { return .item(item) }
        return state.stopped ? .end : .nothing
      }
      switch next {
      case .item(let item): item.run()
      case .nothing: continue
      case .end: return
      }
    }
  }
}
