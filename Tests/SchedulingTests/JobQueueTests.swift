import Synchronization
import Testing

@testable import Scheduling

@Suite(.timeLimit(.minutes(2))) struct JobQueueTests {
  @Test func theValueComesBack() async throws {
    let queue = JobQueue(limit: 1)
    #expect(try await queue.submit(steps: 1) { _ in "done" } == "done")
    #expect(queue.snapshot == .init(running: 0, waiting: 0, limit: 1, stepSeconds: nil))
  }

  @Test func jobsRunOneAtATimeInOrder() async throws {
    let queue = JobQueue(limit: 50)
    let gate = Gate()
    let log = Log()
    let first = Task { try await queue.submit(steps: 1) { _ in await gate.wait() } }
    try await until { queue.snapshot.running == 1 }
    var tasks: [Task<Void, any Error>] = []
    for number in 0..<49 {
      tasks.append(
        Task {
          try await queue.submit(steps: 1) { _ in
            log.begin(number)
            await Task.yield()
            log.end()
          }
        })
      try await until { queue.snapshot.waiting == number + 1 }
    }
    #expect(log.begun.isEmpty)
    gate.open()
    try await first.value
    for task in tasks { try await task.value }
    #expect(log.begun == Array(0..<49))
    #expect(log.mostAtOnce == 1)
  }

  @Test func aFullQueueRefusesAtOnce() async throws {
    let queue = JobQueue(limit: 2)
    let gate = Gate()
    let running = Task { try await queue.submit(steps: 20) { _ in await gate.wait() } }
    try await until { queue.snapshot.running == 1 }
    let waiting = Task { try await queue.submit(steps: 22) { _ in } }
    try await until { queue.snapshot.waiting == 1 }
    // One second a step before anything was measured.
    await #expect(throws: QueueFull(retryAfter: 42)) { try await queue.submit(steps: 5) { _ in } }
    gate.open()
    try await running.value
    try await waiting.value
    try await queue.submit(steps: 5) { _ in }
  }

  @Test(arguments: [0, -3])
  func noRoomAtAll(limit: Int) async {
    let queue = JobQueue(limit: limit)
    await #expect(throws: QueueFull(retryAfter: 1)) { try await queue.submit(steps: 5) { _ in } }
  }

  @Test func aCancelledWaiterLeavesAtOnce() async throws {
    let queue = JobQueue(limit: 3)
    let gate = Gate()
    let running = Task { try await queue.submit(steps: 1) { _ in await gate.wait() } }
    try await until { queue.snapshot.running == 1 }
    let cancelled = Task { try await queue.submit(steps: 1) { _ in _ = Issue.record("ran") } }
    try await until { queue.snapshot.waiting == 1 }
    let last = Task { try await queue.submit(steps: 1) { _ in 7 } }
    try await until { queue.snapshot.waiting == 2 }
    cancelled.cancel()
    // While the first job still runs.
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    #expect(queue.snapshot.waiting == 1)
    gate.open()
    try await running.value
    #expect(try await last.value == 7)
  }

  @Test func aCancelledRunnerSeesItAndFreesItsPlace() async throws {
    let queue = JobQueue(limit: 1)
    let running = Task { try await queue.submit(steps: 1) { _ in try await Task.sleep(for: .seconds(600)) } }
    try await until { queue.snapshot.running == 1 }
    running.cancel()
    await #expect(throws: CancellationError.self) { try await running.value }
    #expect(queue.snapshot.running == 0)
  }

  @Test func aCancelledTaskDoesNotEnter() async throws {
    let queue = JobQueue(limit: 0)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      // Not QueueFull: the caller is gone.
      try await queue.submit(steps: 1) { _ in _ = Issue.record("ran") }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func aFailureFreesThePlace() async throws {
    struct Broken: Error {}
    let queue = JobQueue(limit: 1)
    await #expect(throws: Broken.self) { try await queue.submit(steps: 1) { _ in throw Broken() } }
    #expect(try await queue.submit(steps: 1) { _ in 1 } == 1)
  }

  /// Waits for something another task is about to do.
  func until(_ condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .microseconds(50)) }
  }
}
