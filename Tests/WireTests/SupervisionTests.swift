import Foundation
import Generation
import TestSupport
import Testing
import Wire
import fake_engine

/// What happens when the child misbehaves.
@Suite(.timeLimit(.minutes(2))) struct SupervisionTests {
  @Test("Death while making a picture fails that job alone; the next is made by a new process")
  func death() async throws {
    let engine = try remoteEngine("--step-ms", "20")
    let processes = Collector<Int32?>()
    let dying = Task {
      try await engine.generate(request("die 10", steps: 20)) { _ in processes.append(engine.status.processID)
      }
    }
    try await eventually("the job runs") { processes.count > 0 }
    let process = try #require(processes.all[0])
    // Waits behind the first, and is kept over the restart.
    let next = Task { try await engine.generate(request("x", seed: 5)) { _ in } }
    let expected = GenerationError(
      .engineUnavailable,
      "The engine stopped (signal 9) while making this picture; it is being started again.")
    await #expect(throws: expected) { try await dying.value }
    #expect(!exists(process))
    #expect(try await next.value.image == gradient(width: 64, height: 48, seed: 5))
    #expect(engine.status.processID != process)
  }

  @Test("Killed from outside while idle: until it is started again, nothing is claimed of it")
  func killedIdle() async throws {
    let engine = try remoteEngine { $0.restartDelay = .seconds(30) ... .seconds(30) }
    _ = try await engine.generate(request("x")) { _ in }
    let process = try #require(engine.status.processID)
    kill(process, SIGKILL)
    try await eventually("the death is seen") { engine.status.processID == nil }
    #expect(!exists(process))
    let status = engine.status
    #expect(status.state == .restarting)
    #expect(status.model == nil && status.allocatedBytes == 0)
    #expect(status.detail == "fake-engine stopped (signal 9).")
  }

  @Test("Killed from outside while idle: the next job is made by a new process")
  func replaced() async throws {
    let engine = try remoteEngine()
    _ = try await engine.generate(request("x")) { _ in }
    let process = try #require(engine.status.processID)
    kill(process, SIGKILL)
    try await eventually("another is ready") {
      engine.status.state == .ready && engine.status.processID != process
    }
    _ = try await engine.generate(request("x")) { _ in }
    #expect(engine.status.detail == nil && !exists(process))
  }

  @Test("A process that exits is told by its status")
  func exits() async throws {
    let engine = try remoteEngine()
    #expect(
      try await failure(of: engine, request("leave")).message
        == "The engine stopped (exit status 3) while making this picture; it is being started again.")
  }

  @Test("What the process writes comes in lines, a last one that has no end too")
  func output() async throws {
    let lines = Collector<String>()
    let engine = try remoteEngine { $0.output = { lines.append(String(decoding: $0, as: UTF8.self)) } }
    _ = try await engine.generate(request("talk")) { _ in }
    try await eventually("all is read") { lines.count == 1500 }
    #expect(lines.all == ScriptedEngine.saidLines)
    let words = Collector<String>()
    let dying = try remoteEngine("--exit-at-once") {
      $0.output = { words.append(String(decoding: $0, as: UTF8.self)) }
      $0.restartDelay = .seconds(30) ... .seconds(30)
    }
    try await eventually("its end is seen") { dying.status.detail?.contains("exit status 7") == true }
    #expect(words.all == ["no device", "nothing to do"])
  }

  @Test("A cancelled job ends with the engine's word, in the same process")
  func cancel() async throws {
    let engine = try remoteEngine("--step-ms", "30")
    let seen = Collector<GenerationProgress>()
    let job = Task { try await engine.generate(request("x", steps: 1000)) { seen.append($0) } }
    try await eventually("steps are made") { seen.count >= 4 }
    let process = engine.status.processID
    job.cancel()
    let steps = seen.count
    await #expect(throws: CancellationError.self) { try await job.value }
    // What is on the way when the cancellation comes may still be reported.
    #expect(seen.count <= steps + 1)
    _ = try await engine.generate(request("x")) { _ in }
    #expect(engine.status.processID == process)
  }

  @Test("A job cancelled before it begins never reaches the engine")
  func cancelEarly() async throws {
    let engine = try remoteEngine("--step-ms", "20")
    let running = Task { try await engine.generate(request("x", steps: 10_000)) { _ in } }
    try await eventually("a job runs") { engine.status.model == "m" }
    let seen = Collector<GenerationProgress>()
    let waiting = Task { try await engine.generate(request("x", model: "other")) { seen.append($0) } }
    try await Task.sleep(for: .milliseconds(40))
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    let stillborn = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await engine.generate(request("x", model: "other")) { seen.append($0) }
    }
    await #expect(throws: CancellationError.self) { try await stillborn.value }
    running.cancel()
    await #expect(throws: CancellationError.self) { try await running.value }
    #expect(engine.status.model == "m" && seen.count == 0)
  }

  @Test("An engine that ignores a cancellation is killed")
  func cancelIgnored() async throws {
    let engine = try remoteEngine { $0.cancelGrace = .milliseconds(200) }
    _ = try await engine.generate(request("x")) { _ in }
    let process = try #require(engine.status.processID)
    let job = Task { try await engine.generate(request("hang")) { _ in } }
    try await Task.sleep(for: .milliseconds(100))
    let start = ContinuousClock.now
    job.cancel()
    await #expect(throws: CancellationError.self) { try await job.value }
    #expect(start.duration(to: .now) >= .milliseconds(200))
    #expect(!exists(process))
    _ = try await engine.generate(request("x")) { _ in }
  }

  @Test("A job without progress times out and its process is replaced")
  func hang() async throws {
    let engine = try remoteEngine { $0.jobTimeout = .milliseconds(300) }
    _ = try await engine.generate(request("x")) { _ in }
    let process = try #require(engine.status.processID)
    let start = ContinuousClock.now
    let error = try await failure(of: engine, request("hang"))
    #expect(start.duration(to: .now) >= .milliseconds(300))
    #expect(
      error
        == GenerationError(.timeout, "The engine finished no step for 0.3 s; it is being started again."))
    _ = try await engine.generate(request("x")) { _ in }
    #expect(!exists(process))
    #expect(engine.status.processID != process)
  }

  @Test("Time limits may be longer than the system can wait")
  func endlessPatience() async {
    // In a process of its own, which an overflow would end.
    await #expect(processExitsWith: .success) {
      let engine = try remoteEngine {
        $0.startupTimeout = .seconds(Int64.max)
        $0.jobTimeout = .seconds(Int64.max)
      }
      _ = try await engine.generate(request("x")) { _ in }
      engine.stop()
    }
  }

  @Test("A stopped process (SIGSTOP) counts as hanging; progress keeps a slow job alive")
  func frozen() async throws {
    let engine = try remoteEngine("--step-ms", "60") { $0.jobTimeout = .milliseconds(400) }
    // 900 ms in all, but never 400 ms without a step.
    _ = try await engine.generate(request("x", steps: 15)) { _ in }
    let process = try #require(engine.status.processID)
    kill(process, SIGSTOP)
    #expect(try await failure(of: engine, request("x")).kind == .timeout)
    try await eventually("the process is gone") { !exists(process) }
    await #expect(throws: GenerationError.self) {
      // 900 ms without a word.
      try await engine.generate(request("quiet", steps: 15)) { _ in }
    }
  }

  @Test("An executable that does not exist is named, at once, by its base name")
  func absent() async throws {
    let engine = try remoteEngine { $0.executable = "/nowhere/darkroom-engine" }
    let start = ContinuousClock.now
    let error = try await failure(of: engine, request("x"))
    #expect(start.duration(to: .now) < .seconds(5))
    #expect(error.kind == .engineUnavailable)
    #expect(error.message == "darkroom-engine could not be started: No such file or directory.")
    let status = engine.status
    #expect(status.state == .restarting)
    #expect(status.detail == error.message && status.processID == nil)
  }

  @Test("An executable put in place later is started then")
  func laterPresent() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("engine")
    let engine = try remoteEngine { $0.executable = path }
    _ = try await failure(of: engine, request("x"))
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: try fakeEngine())
    try await eventually("the engine is ready") { engine.status.state == .ready }
    _ = try await engine.generate(request("x")) { _ in }
  }

  @Test("A process that always ends before its greeting cannot be waited for")
  func exitsAtOnce() async throws {
    let engine = try remoteEngine("--exit-at-once")
    let error = try await failure(of: engine, request("x"))
    #expect(error.kind == .engineUnavailable)
    #expect(error.message == "fake-engine stopped (exit status 7) before it was ready.")
    #expect(engine.status.state == .restarting)
  }

  @Test("A process that never greets is ended, and jobs do not wait longer than that")
  func neverHello() async throws {
    let engine = try remoteEngine("--never-hello") { $0.startupTimeout = .milliseconds(300) }
    try await eventually("the process is there") { engine.status.processID != nil }
    let first = try #require(engine.status.processID)
    #expect(engine.status.state != .ready)
    let error = try await failure(of: engine, request("x"))
    #expect(error.kind == .engineUnavailable)
    #expect(error.message.contains("0.3 s"))
    try await eventually("it is replaced") { !exists(first) }
  }

  @Test("An engine of another build is refused in words")
  func version() async throws {
    let engine = try remoteEngine("--version", "99")
    let error = try await failure(of: engine, request("x"))
    #expect(error.kind == .engineUnavailable)
    #expect(
      error.message
        == "fake-engine was ended: the engine speaks version 99 of the protocol and the server version 3; "
        + "install the two executables of one build.")
  }

  @Test("An engine that breaks the protocol is replaced")
  func garbage() async throws {
    let engine = try remoteEngine("--garbage") { $0.restartDelay = .seconds(5) ... .seconds(5) }
    try await eventually("it is found out") { engine.status.state == .restarting }
    try await eventually("it is gone") { engine.status.processID == nil }
    #expect(
      engine.status.detail == "fake-engine was ended: a frame's header is not a valid EngineEvent.")
  }

  @Test("A picture of too few bytes is never passed on")
  func shortPicture() async throws {
    let engine = try remoteEngine("--short-picture")
    let error = try await failure(of: engine, request("x"))
    #expect(error.kind == .engineUnavailable)
  }

  @Test("Cancellations and kills at random moments always answer, and leave a working engine")
  func churn() async throws {
    let engine = try remoteEngine("--step-ms", "2")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<60 {
        group.addTask {
          let job = Task { try await engine.generate(request("x", seed: UInt64(number))) { _ in } }
          try await Task.sleep(for: .milliseconds(number * 7 % 90))
          if number % 3 == 0 { job.cancel() }
          if number % 20 == 7, let process = engine.status.processID, process > 0 { kill(process, SIGKILL) }
          do {
            let result = try await job.value
            #expect(try result.image == gradient(width: 64, height: 48, seed: UInt64(number)))
          } catch is CancellationError {
            #expect(number % 3 == 0)
          } catch let error as GenerationError {
            #expect(error.kind == .engineUnavailable)
          }
        }
      }
      try await group.waitForAll()
    }
    // The last kill may only now strike.
    try await eventually("the engine is at rest") { engine.status.state == .ready }
    _ = try? await engine.generate(request("x")) { _ in }
    _ = try await engine.generate(request("x")) { _ in }
  }
}
