import Synchronization
import Testing

@testable import Scheduling

@Suite(.timeLimit(.minutes(1))) struct JobStoreTests {
  private static func opening(
    _ id: String = "x", client: String = "a", isDetached: Bool = false
  ) -> JobOpening {
    JobOpening(id: id, client: client, model: "m", steps: 4, isDetached: isDetached)
  }

  private static func reply(_ text: String, status: Int = 200) -> JobReply {
    JobReply(status: status, body: [UInt8](text.utf8))
  }

  /// Works until it is cancelled.
  private static let endless: @Sendable (JobReporter) async -> JobReply? = { reporter in
    reporter.report(.queued(ahead: 0))
    try? await Task.sleep(for: .seconds(600))
    return nil
  }

  private func until(_ condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .microseconds(50)) }
  }

  @Test func aRecordFollowsItsJob() async throws {
    let store = JobStore(limits: .init()) { 1000 }
    let (steps, step) = AsyncStream.makeStream(of: Void.self)
    let job = store.start(Self.opening()) { reporter in
      #expect(store.record("x", of: nil)?.state == .queued)
      reporter.report(.queued(ahead: 2))
      #expect(store.record("x", of: nil)?.ahead == 2)
      reporter.report(.queued(ahead: 0))
      reporter.report(.loading(model: "m", bytes: 3, total: 10))
      let loading = store.record("x", of: nil)
      #expect(
        (loading?.state, loading?.loading, loading?.ahead) == (.loading, .init(bytes: 3, total: 10), nil))
      reporter.report(.step(1, of: 4, secondsLeft: 1.5))
      let running = store.record("x", of: nil)
      #expect((running?.state, running?.step, running?.secondsLeft) == (.running, 1, 1.5))
      for await _ in steps { break }
      return Self.reply("done")
    }
    step.yield()
    #expect(await job.outcome() == .reply(Self.reply("done")))
    let record = try #require(store.record("x", of: nil))
    #expect((record.state, record.created, record.started, record.ended) == (.completed, 1000, 1000, 1000))
    #expect((record.secondsLeft, record.hasReply, record.failure) == (nil, false, nil))
    // The waiting client had it.
    #expect(store.reply("x", of: nil) == nil)
  }

  @Test func failuresAreKept() async throws {
    let store = JobStore()
    let job = store.start(Self.opening()) { reporter in
      reporter.report(.queued(ahead: 0))
      return Self.reply("no memory", status: 503)
    }
    _ = await job.outcome()
    let record = try #require(store.record("x", of: nil))
    #expect((record.state, record.failure) == (.failed, Self.reply("no memory", status: 503)))
  }

  @Test func aJobThatFindsNoRoomLeavesNoRecord() async {
    let store = JobStore()
    let job = store.start(Self.opening()) { _ in Self.reply("full", status: 429) }
    #expect(await job.outcome() == .reply(Self.reply("full", status: 429)))
    #expect(store.records(of: nil) == [])
  }

  @Test func cancellingTwiceIsCancellingOnce() async throws {
    let store = JobStore()
    let job = store.start(Self.opening(), Self.endless)
    try await until { store.record("x", of: nil)?.state == .running }
    #expect(store.cancel("x", of: nil)?.state == .cancelling)
    #expect(await job.outcome() == .cancelled(onRequest: true))
    let ended = store.cancel("x", of: nil)
    #expect(ended?.state == .cancelled)
    #expect(store.cancel("x", of: nil) == ended)
    #expect(store.cancel("y", of: nil) == nil)
  }

  @Test func theClientsGoingCancelsUnlessDetached() async throws {
    let store = JobStore()
    let attached = store.start(Self.opening("x"), Self.endless)
    let detached = store.start(Self.opening("y", isDetached: true), Self.endless)
    try await until { store.records(of: nil).allSatisfy { $0.state == .running } }
    let waiter = Task { await attached.outcome() }
    waiter.cancel()
    #expect(await waiter.value == .cancelled(onRequest: false))
    detached.clientHungUp()
    try await Task.sleep(for: .milliseconds(20))
    #expect(store.record("y", of: nil)?.state == .running)
    store.cancelAll()
    #expect(await detached.outcome() == .cancelled(onRequest: false))
  }

  @Test func idsAreUnique() async throws {
    let store = JobStore()
    let first = store.start(Self.opening("x"), Self.endless)
    let second = store.start(Self.opening("x"), Self.endless)
    #expect(first.id == "x")
    #expect(second.id != "x" && !second.id.isEmpty)
    #expect(Set(store.records(of: nil).map(\.id)) == [first.id, second.id])
    store.cancelAll()
  }

  /// Who asks by an id gets the job that was asked for last.
  @Test func aJobThatIsOverGivesItsIDToTheNextOne() async throws {
    let store = JobStore()
    func run(_ text: String, client: String) async -> String {
      let job = store.start(Self.opening("x", client: client, isDetached: true)) { reporter in
        reporter.report(.queued(ahead: 0))
        return Self.reply(text)
      }
      _ = await job.outcome()
      return job.id
    }
    #expect(await run("first", client: "a") == "x")
    #expect(await run("second", client: "a") == "x")
    #expect(store.reply("x", of: "a") == [UInt8]("second".utf8))
    let other = await run("third", client: "b")
    #expect(other != "x")
    #expect(store.records(of: nil).map(\.id) == [other, "x"])
  }

  /// A step may take longer than a server that stops has.
  @Test func stoppingTellsEveryoneAtOnce() async throws {
    let store = JobStore()
    let (released, release) = AsyncStream.makeStream(of: Void.self)
    let stuck: @Sendable (JobReporter) async -> JobReply? = { reporter in
      reporter.report(.queued(ahead: 0))
      // Not ended by a cancellation.
      await Task { for await _ in released { break } }.value
      reporter.report(.step(1, of: 4, secondsLeft: nil))
      return Self.reply("too late")
    }
    let job = store.start(Self.opening("x", isDetached: true), stuck)
    try await until { store.record("x", of: nil)?.state == .running }
    async let waiting = job.outcome()
    store.cancelAll()
    #expect(await waiting == .cancelled(onRequest: false))
    #expect(store.record("x", of: nil)?.state == .cancelled)
    #expect(await job.events.next(within: .seconds(1)) == .queued(ahead: 0))
    #expect(await job.events.next(within: .seconds(1)) == .ended(.cancelled(onRequest: false)))
    // Its task goes on, so another job needs another id, and is over at once.
    let late = store.start(Self.opening("x"), Self.endless)
    #expect(late.id != "x")
    #expect(await late.outcome() == .cancelled(onRequest: false))
    release.finish()
    #expect(await job.events.next(within: .milliseconds(20)) == nil)
    #expect(store.record("x", of: nil)?.step == 0)
  }

  @Test func othersJobsAreUnknown() async throws {
    let store = JobStore()
    let job = store.start(Self.opening("x", client: "a", isDetached: true)) { reporter in
      reporter.report(.queued(ahead: 0))
      return Self.reply("picture")
    }
    _ = await job.outcome()
    #expect(store.records(of: "b") == [])
    #expect(store.record("x", of: "b") == nil)
    #expect(store.reply("x", of: "b") == nil)
    #expect(store.cancel("x", of: "b") == nil)
    #expect(store.records(of: "a").map(\.id) == ["x"])
    #expect(store.reply("x", of: "a") == [UInt8]("picture".utf8))
  }

  @Test func whatIsOverIsForgotten() async throws {
    var limits = JobStore.Limits()
    (limits.jobs, limits.age, limits.replyBytes) = (3, 60, 10)
    let time = Mutex(0.0)
    let store = JobStore(limits: limits) { time.withLock { $0 } }
    func run(_ id: String, bytes: Int) async {
      let job = store.start(Self.opening(id, isDetached: true)) { reporter in
        reporter.report(.queued(ahead: 0))
        return JobReply(status: 200, body: Array(repeating: 0, count: bytes))
      }
      _ = await job.outcome()
    }
    let endless = store.start(Self.opening("endless"), Self.endless)
    for id in ["a", "b", "c", "d"] { await run(id, bytes: 1) }
    func kept() -> [String] { store.records(of: nil).filter(\.hasReply).map(\.id) }
    #expect(store.records(of: nil).map(\.id) == ["d", "c", "b", "endless"])
    #expect(kept() == ["d", "c", "b"])
    // 9 + 1 bytes fit, the others do not.
    await run("e", bytes: 9)
    #expect(store.records(of: nil).map(\.id) == ["e", "d", "c", "endless"])
    #expect(kept() == ["e", "d"])
    #expect(store.reply("c", of: nil) == nil)
    #expect(store.record("c", of: nil)?.state == .completed)
    // More than fit at all: the newest is kept, and no record goes for it.
    await run("f", bytes: 11)
    #expect(store.records(of: nil).map(\.id) == ["f", "e", "d", "endless"])
    #expect(kept() == ["f"])
    time.withLock { $0 = 61 }
    #expect(store.records(of: nil).map(\.id) == ["endless"])
    endless.clientHungUp()
    _ = await endless.outcome()
    #expect(store.records(of: nil).map(\.state) == [.cancelled])
  }
}

@Suite(.timeLimit(.minutes(1))) struct JobEventsTests {
  private func all(_ events: JobEvents) async -> [JobEvent] {
    var seen: [JobEvent] = []
    while let event = await events.next(within: .zero) { seen.append(event) }
    return seen
  }

  @Test func aSlowReaderSeesEveryStepAndTheNewestOfOtherKinds() async {
    let events = JobEvents()
    events.post(.queued(ahead: 2))
    events.post(.queued(ahead: 0))
    for step in 1...3 {
      events.post(.step(step, of: 3, secondsLeft: nil))
      events.post(.preview(step: step, jpeg: []))
    }
    events.post(.ended(.cancelled(onRequest: true)))
    #expect(
      await all(events) == [
        .queued(ahead: 0), .step(1, of: 3, secondsLeft: nil), .step(2, of: 3, secondsLeft: nil),
        .step(3, of: 3, secondsLeft: nil), .preview(step: 3, jpeg: []), .ended(.cancelled(onRequest: true)),
      ])
  }

  @Test func ofTooManyStepsTheOldestAreLost() async {
    let events = JobEvents()
    let most = JobEvents.mostSteps
    for step in 1...most + 2 { events.post(.step(step, of: most + 2, secondsLeft: nil)) }
    let expected = (3...most + 2).map { JobEvent.step($0, of: most + 2, secondsLeft: nil) }
    #expect(await all(events) == expected)
  }

  @Test func aReaderIsWoken() async {
    let events = JobEvents()
    async let event = events.next(within: .seconds(600))
    try? await Task.sleep(for: .milliseconds(10))
    events.post(.queued(ahead: 1))
    #expect(await event == .queued(ahead: 1))
  }

  @Test func aCancelledReaderIsLetGo() async {
    let events = JobEvents()
    let reader = Task { await events.next(within: .seconds(600)) }
    try? await Task.sleep(for: .milliseconds(10))
    reader.cancel()
    #expect(await reader.value == nil)
    // Nothing is lost to it.
    events.post(.queued(ahead: 1))
    #expect(await events.next(within: .seconds(1)) == .queued(ahead: 1))
  }

  /// Timers that end as events come lose none of them.
  @Test func nothingIsLostToTimers() async {
    let events = JobEvents()
    let poster = Task {
      for step in 1...300 {
        events.post(.step(step, of: 300, secondsLeft: nil))
        try? await Task.sleep(for: .microseconds(step % 7 * 100))
      }
      events.post(.ended(.cancelled(onRequest: false)))
    }
    var last = 0
    while true {
      switch await events.next(within: .microseconds(200)) {
      case .step(let step, _, _):
        #expect(step > last)
        last = step
      case .ended:
        #expect(last == 300)
        await poster.value
        return
      default: break
      }
    }
  }
}
