import Synchronization
import Testing

@testable import Scheduling

/// Turns by client, on the state alone: no task decides the order.
@Suite struct FairnessTests {
  /// Lets `arrivals` come while a job of `first` runs, and gives the order of turns after it.
  private func turns(after first: Character, _ arrivals: String) throws -> String {
    var state = QueueState(limit: 100)
    var owners: [Ticket: Character] = [:]
    let running = try state.enter(steps: 1, client: String(first))
    for client in arrivals { owners[try state.enter(steps: 1, client: String(client)).id] = client }
    var order = ""
    _ = state.finish(running.id)
    while let job = state.running {
      if let owner = owners[job.id] { order.append(owner) }
      _ = state.finish(job.id)
    }
    return order
  }

  @Test(arguments: [
    // One client: first in, first out.
    ("a", "aaa", "aaa"),
    // The one whose turn it is goes behind those who had none in this round.
    ("a", "ab", "ba"),
    ("a", "aaaab", "baaaa"),
    ("a", "bcbcbb", "bcbcbb"),
    ("a", "aabbcc", "bcabca"),
    ("a", "bbbcd", "bcdbb"),
  ])
  func roundRobin(first: Character, arrivals: String, turns expected: String) throws {
    #expect(try turns(after: first, arrivals) == expected)
  }

  /// Two clients that send the next job when the last is done do not shut out a third that waits.
  @Test func quickClientsStarveNobody() throws {
    var state = QueueState(limit: 100)
    var owners: [Ticket: String] = [:]
    func enter(_ client: String) throws {
      let place = try state.enter(steps: 1, client: client)
      owners[place.id] = client
    }
    for client in ["a", "b", "c", "c", "c"] { try enter(client) }
    var order: [String] = []
    for _ in 0..<9 {
      let job = try #require(state.running)
      let owner = try #require(owners[job.id])
      order.append(owner)
      _ = state.finish(job.id)
      if owner != "c" { try enter(owner) }
    }
    #expect(order.filter { $0 == "c" }.count == 3, "\(order)")
  }

  /// Who leaves the queue has lost nothing.
  @Test func aCancelledJobIsNoTurn() throws {
    var state = QueueState(limit: 100)
    _ = try state.enter(steps: 1, client: "a")
    let cancelled = try (0..<3).map { _ in try state.enter(steps: 1, client: "b").id }
    let rival = try state.enter(steps: 1, client: "c")
    for id in cancelled { _ = state.leave(id) }
    let second = try state.enter(steps: 1, client: "b")
    let third = try state.enter(steps: 1, client: "c")
    #expect(state.waiting.map(\.id) == [rival.id, second.id, third.id])
  }

  @Test func laterJobsMoveUpWhenOneLeaves() throws {
    var state = QueueState(limit: 100)
    _ = try state.enter(steps: 1, client: "a")
    let mine = try (0..<3).map { _ in try state.enter(steps: 1, client: "b").id }
    let other = try state.enter(steps: 1, client: "c").id
    #expect(state.waiting.map(\.id) == [mine[0], other, mine[1], mine[2]])
    _ = state.leave(mine[0])
    #expect(state.waiting.map(\.id) == [mine[1], other, mine[2]])
  }

  @Test func everyMoveIsTold() throws {
    let told = Mutex([String: [Int]]())
    var state = QueueState(limit: 100)
    func enter(_ client: String, _ name: String) throws -> Ticket {
      try state.enter(steps: 1, client: client) { ahead in
        told.withLock { $0[name, default: []].append(ahead) }
      }
      .id
    }
    let first = try enter("a", "a1")
    let second = try enter("a", "a2")
    let third = try enter("a", "a3")
    let other = try enter("b", "b1")
    #expect(told.withLock { $0 } == ["a1": [0], "a2": [1, 2], "a3": [2, 3], "b1": [1]])
    _ = state.finish(first)
    _ = state.leave(second)
    _ = state.finish(other)
    _ = state.finish(third)
    #expect(told.withLock { $0 } == ["a1": [0], "a2": [1, 2, 1], "a3": [2, 3, 2, 1, 0], "b1": [1, 0]])
  }

  @Test func refusalsAndClientsAreCounted() async throws {
    let queue = JobQueue(limit: 1)
    try await queue.submit(steps: 1, client: "a") { _ in
      _ = try? await queue.submit(steps: 1, client: "b") { _ in }
      #expect(
        queue.snapshot == .init(running: 1, waiting: 0, limit: 1, stepSeconds: nil, clients: 1, refused: 1))
    }
  }
}
