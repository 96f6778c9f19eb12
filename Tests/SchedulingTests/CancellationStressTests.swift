import Synchronization
import TestSupport
import Testing

@testable import Scheduling

/// Cancellations that meet entering, waiting, turns and running at every moment.
@Suite(.timeLimit(.minutes(3))) struct CancellationStressTests {
  enum End: Equatable { case ran, cancelled, refused }

  /// Jobs wait in a known order; cancels rain while the queue runs. Those that run keep that order, and
  /// every one that was not cancelled runs.
  @Test(arguments: 0..<10)
  func orderHoldsUnderCancels(seed: Int) async throws {
    var random = SplitMix(seed: UInt64(seed))
    let count = 300
    let queue = JobQueue(limit: count + 1)
    let gate = Gate()
    let log = Log()
    let first = Task { try await queue.submit(steps: 1) { _ in await gate.wait() } }
    while queue.snapshot.running == 0 { await Task.yield() }
    var tasks: [Task<End, any Error>] = []
    for number in 0..<count {
      tasks.append(Self.job(number, queue, log))
      while queue.snapshot.waiting <= number { await Task.yield() }
    }
    let victims = (0..<count).filter { _ in Bool.random(using: &random) }.shuffled(using: &random)
    gate.open()
    await withTaskGroup { group in
      for part in 0..<4 {
        let mine = victims.enumerated().filter { $0.offset % 4 == part }.map { tasks[$0.element] }
        group.addTask {
          for task in mine {
            task.cancel()
            await Task.yield()
          }
        }
      }
    }
    try await first.value
    let untouched = Set(0..<count).subtracting(victims)
    for (number, task) in tasks.enumerated() {
      let end = try await task.value
      #expect(end == .ran || !untouched.contains(number), "\(number): \(end)")
    }
    #expect(log.begun == log.begun.sorted())
    #expect(untouched.isSubset(of: log.begun))
    #expect(log.mostAtOnce == 1)
    #expect(queue.snapshot == .init(running: 0, waiting: 0, limit: count + 1, stepSeconds: nil))
  }

  /// Jobs come and go without any order, in a queue often full. In the end it is empty and still works.
  @Test(arguments: 0..<10)
  func theQueueAlwaysDrains(seed: Int) async throws {
    let queue = JobQueue(limit: 8)
    let log = Log()
    let ends = try await withThrowingTaskGroup(of: [End].self) { group in
      for client in 0..<16 {
        group.addTask {
          var random = SplitMix(seed: UInt64(seed * 100 + client))
          var ends: [End] = []
          for _ in 0..<40 {
            let task = Self.job(0, queue, log)
            for _ in 0..<Int.random(in: 0...6, using: &random) { await Task.yield() }
            if Bool.random(using: &random) { task.cancel() }
            ends.append(try await task.value)
            let snapshot = queue.snapshot
            #expect(snapshot.running + snapshot.waiting <= 8)
          }
          return ends
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(ends.count == 640)
    #expect(log.mostAtOnce == 1)
    #expect(queue.snapshot.running == 0 && queue.snapshot.waiting == 0)
    #expect(try await queue.submit(steps: 1) { _ in 1 } == 1)
  }

  /// Cancels rain on jobs of several clients. Each client's own jobs still run in their order, and what a job is told
  /// last is its turn.
  @Test(arguments: 0..<10)
  func everyClientsOrderHoldsUnderCancels(seed: Int) async throws {
    var random = SplitMix(seed: UInt64(seed))
    let (count, clients) = (200, 7)
    let queue = JobQueue(limit: count + 1)
    let (gate, log) = (Gate(), Log())
    let places = Mutex([Int: [Int]]())
    let first = Task { try await queue.submit(steps: 1) { _ in await gate.wait() } }
    while queue.snapshot.running == 0 { await Task.yield() }
    var owners: [Int] = []
    var tasks: [Task<End, any Error>] = []
    for number in 0..<count {
      owners.append(Int.random(in: 0..<clients, using: &random))
      let moved: @Sendable (Int) -> Void = { ahead in
        places.withLock { $0[number, default: []].append(ahead) }
      }
      tasks.append(Self.job(number, queue, log, client: "\(owners[number])", moved: moved))
      while queue.snapshot.waiting <= number { await Task.yield() }
    }
    #expect(queue.snapshot.clients == clients + 1)
    let victims = (0..<count).filter { _ in Bool.random(using: &random) }.shuffled(using: &random)
    gate.open()
    for victim in victims {
      tasks[victim].cancel()
      await Task.yield()
    }
    try await first.value
    for (number, task) in tasks.enumerated() {
      let end = try await task.value
      let told = places.withLock { $0[number] ?? [] }
      #expect(zip(told, told.dropFirst()).allSatisfy { $0 != $1 })
      if end == .ran { #expect(told.last == 0) }
      #expect(end == .ran || victims.contains(number))
    }
    for client in 0..<clients {
      let mine = log.begun.filter { owners[$0] == client }
      #expect(mine == mine.sorted())
    }
    #expect(log.mostAtOnce == 1)
    #expect(queue.snapshot.clients == 0)
  }

  static func job(
    _ number: Int, _ queue: JobQueue, _ log: Log, client: String = "",
    moved: @escaping @Sendable (Int) -> Void = { _ in }
  ) -> Task<End, any Error> {
    Task {
      do {
        try await queue.submit(steps: 1, client: client, moved: moved) { _ in
          log.begin(number)
          defer { log.end() }
          await Task.yield()
        }
        return .ran
      } catch is CancellationError {
        return .cancelled
      } catch is QueueFull {
        return .refused
      }
    }
  }
}
