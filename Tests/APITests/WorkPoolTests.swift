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
