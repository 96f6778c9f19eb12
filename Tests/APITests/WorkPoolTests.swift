@testable import API
import Dispatch
import Foundation
import Testing

@Suite struct WorkPoolTests {
  private struct Failure: Error, Equatable {}

  @Test func runsOnThreadsOfItsOwn() async throws {
    let pool = WorkPool(threads: 2, limit: 100, name: "encoder")
    let names = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<20 { group.addTask { try await pool.run { Thread.current.name } } }
      return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
    }
    #expect(names.isSubset(of: ["encoder-1", "encoder-2"]))
  }

  @Test func throwsWhatTheWorkThrows() async {
    let pool = WorkPool(threads: 1, limit: 1, name: "test")
    await #expect(throws: Failure()) { try await pool.run { throw Failure() } }
  }

  @Test func aFullPoolRefusesAndACancelledPieceMakesRoom() async throws {
    let pool = WorkPool(threads: 1, limit: 1, name: "test")
    let gate = DispatchSemaphore(value: 0)
    let (began, begin) = AsyncStream.makeStream(of: Void.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await pool.run {
          begin.yield()
          gate.wait()
        }
      }
      for await _ in began { break }
      let waiting = Task { try await pool.run { Issue.record("ran although it was cancelled") } }
      // The second piece takes the only place as soon as its task runs.
      while await Self.hasRoom(pool) { try await Task.sleep(for: .milliseconds(1)) }
      await #expect(throws: WorkPool.Full()) { try await pool.run {} }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      let next = Task { try await pool.run { true } }
      gate.signal()
      #expect(try await next.value)
      try await group.waitForAll()
    }
  }

  /// The end of minutes of work is not lost because others wait, nor does it wait for them.
  @Test func finishingIsNeverRefusedAndGoesFirst() async throws {
    let pool = WorkPool(threads: 1, limit: 1, name: "test")
    let gate = ThreadGate()
    let (order, done) = AsyncStream.makeStream(of: String.self)
    async let blocker: Void = pool.run { gate.hold() }
    await gate.isHolding()
    let waiting = Task { try await pool.run { _ = done.yield("waiting") } }
    while await Self.hasRoom(pool) { try await Task.sleep(for: .milliseconds(1)) }
    let finishing = Task { try await pool.runFirst { _ = done.yield("finished") } }
    let cancelled = Task { try await pool.runFirst { Issue.record("ran although it was cancelled") } }
    // Until both wait.
    try await Task.sleep(for: .milliseconds(50))
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    gate.open()
    try await finishing.value
    try await waiting.value
    try await blocker
    done.finish()
    #expect(await order.reduce(into: []) { $0.append($1) } == ["finished", "waiting"])
  }

  /// Tries the pool with a piece of work that is cancelled at once.
  private static func hasRoom(_ pool: WorkPool) async -> Bool {
    let probe = Task { try await pool.run {} }
    probe.cancel()
    switch await probe.result {
    case .failure(let error): return !(error is WorkPool.Full)
    case .success: return true
    }
  }
}
