import Testing

@testable import Scheduling

/// Moments between two steps of a submission, which tasks meet only by chance.
@Suite struct QueueStateTests {
  @Test func theTurnMayComeBeforeTheTaskSuspends() async throws {
    var state = QueueState(limit: 3)
    let first = try state.enter(steps: 1)
    let second = try state.enter(steps: 1)
    #expect(first.isRunning && !second.isRunning)
    #expect(state.finish(first.id) == nil)
    #expect(state.running?.id == second.id)
    #expect(await Self.wait(second.id, &state) == .granted)
    #expect(state.finish(second.id) == nil)
    #expect(state.running == nil)
  }

  @Test func theCancellationMayComeBeforeTheTaskSuspends() async throws {
    var state = QueueState(limit: 3)
    let first = try state.enter(steps: 1)
    let second = try state.enter(steps: 1)
    let third = try state.enter(steps: 1)
    #expect(state.leave(second.id) == nil)
    #expect(state.waiting.map(\.id) == [third.id])
    #expect(await Self.wait(second.id, &state) == .left)
    #expect(state.finish(first.id) == nil)
    #expect(state.running?.id == third.id)
  }

  @Test func theCancellationMayComeAfterTheTurn() throws {
    var state = QueueState(limit: 3)
    let first = try state.enter(steps: 1)
    let second = try state.enter(steps: 1)
    #expect(state.finish(first.id) == nil)
    #expect(state.leave(second.id) == nil)
    #expect(state.running?.id == second.id)
    // What is over ends nothing else.
    #expect(state.finish(first.id) == nil)
    #expect(state.running?.id == second.id)
  }

  @Test func placesAreFreedByLeavingAndFinishing() throws {
    var state = QueueState(limit: 2)
    let first = try state.enter(steps: 1)
    let second = try state.enter(steps: 1)
    #expect(throws: QueueFull(retryAfter: 2)) { try state.enter(steps: 1) }
    #expect(state.leave(second.id) == nil)
    _ = try state.enter(steps: 1)
    #expect(throws: QueueFull.self) { try state.enter(steps: 1) }
    #expect(state.finish(first.id) == nil)
    _ = try state.enter(steps: 1)
    #expect(throws: QueueFull.self) { try state.enter(steps: 1) }
  }

  static func wait(_ id: Ticket, _ state: inout QueueState) async -> QueueState.Turn {
    await withCheckedContinuation { continuation in
      if let settled = state.wait(id, continuation) { continuation.resume(returning: settled) }
    }
  }
}
