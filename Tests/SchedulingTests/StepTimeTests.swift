import Testing

@testable import Scheduling

@Suite(.timeLimit(.minutes(1))) struct StepTimeTests {
  let clock = ManualClock()
  let queue: JobQueue

  init() {
    queue = JobQueue(limit: 1) { [clock] in clock.now }
  }

  /// Checks what a second job is told while the first one runs.
  func expectRetry(after seconds: Int, sourceLocation: SourceLocation = #_sourceLocation) async {
    await #expect(throws: QueueFull(retryAfter: seconds), sourceLocation: sourceLocation) {
      try await queue.submit(steps: 1) { _ in }
    }
  }

  @Test func remainingStepsTimesMeasuredSeconds() async throws {
    try await queue.submit(steps: 10) { job in
      await expectRetry(after: 10)
      clock.advance(.seconds(100))
      job.stepFinished()
      // Loading is no step: nothing is measured yet.
      #expect(queue.snapshot.stepSeconds == nil)
      await expectRetry(after: 9)
      clock.advance(.milliseconds(250))
      job.stepFinished()
      #expect(queue.snapshot.stepSeconds == 0.25)
      await expectRetry(after: 2)
      clock.advance(.milliseconds(750))
      job.stepFinished()
      // 0.25 + 0.2 × (0.75 − 0.25)
      let seconds = try #require(queue.snapshot.stepSeconds)
      #expect(abs(seconds - 0.35) < 1e-12)
      // 7 × 0.35 = 2.45
      await expectRetry(after: 3)
    }
  }

  @Test func eachStepTellsWhatOneTakes() async throws {
    try await queue.submit(steps: 4) { job in
      #expect(job.stepFinished() == nil)
      clock.advance(.seconds(2))
      #expect(job.stepFinished() == 2)
      clock.advance(.seconds(4))
      // This job's mean; the queue's is 2 + 0.2 × (4 − 2).
      #expect(job.stepFinished() == 3)
    }
    try await queue.submit(steps: 4) { job in
      let seconds = try #require(job.stepFinished())
      #expect(abs(seconds - 2.4) < 1e-12)
      clock.advance(.seconds(1))
      #expect(job.stepFinished() == 1)
    }
  }

  @Test func measurementsOutliveTheirJob() async throws {
    try await queue.submit(steps: 2) { job in
      job.stepFinished()
      clock.advance(.seconds(3))
      job.stepFinished()
    }
    try await queue.submit(steps: 4) { job in
      await expectRetry(after: 12)
      // The pause between two jobs is no step.
      clock.advance(.seconds(1000))
      job.stepFinished()
      #expect(queue.snapshot.stepSeconds == 3)
    }
  }

  @Test func waitingIsMeasured() async throws {
    let queue = JobQueue(limit: 2) { [clock] in clock.now }
    let gate = Gate()
    let first = Task { try await queue.submit(steps: 1) { job in await gate.wait() } }
    while queue.snapshot.running == 0 { await Task.yield() }
    let second = Task { try await queue.submit(steps: 1) { job in job.waited } }
    while queue.snapshot.waiting == 0 { await Task.yield() }
    clock.advance(.seconds(8))
    gate.open()
    try await first.value
    #expect(try await second.value == .seconds(8))
  }

  @Test func theAnswerStaysWithinItsBounds() async throws {
    try await queue.submit(steps: .max) { _ in await expectRetry(after: 86_400) }
    try await queue.submit(steps: .min) { _ in await expectRetry(after: 1) }
    try await queue.submit(steps: 1) { job in
      for _ in 0..<5 { job.stepFinished() }
      #expect(queue.snapshot.stepSeconds == 0)
      await expectRetry(after: 1)
    }
  }

  @Test func aJobThatIsOverMeasuresNothing() async throws {
    let old = try await queue.submit(steps: 3) { $0 }
    try await queue.submit(steps: 3) { _ in
      old.stepFinished()
      clock.advance(.seconds(1))
      old.stepFinished()
      #expect(queue.snapshot.stepSeconds == nil)
      await expectRetry(after: 3)
    }
  }
}
