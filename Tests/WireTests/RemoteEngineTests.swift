import Foundation
import Generation
import Images
import Synchronization
import Testing
import Wire
import fake_engine

@Suite(.timeLimit(.minutes(2))) struct RemoteEngineTests {
  @Test("A picture crosses two processes unchanged, and the status tells what the engine holds")
  func picture() async throws {
    let engine = try remoteEngine()
    let progress = Collector<GenerationProgress>()
    let asked = request("a cat", width: 512, height: 640, steps: 3, seed: 12345)
    let result = try await engine.generate(asked) { progress.append($0) }
    #expect(try result.image == gradient(width: 512, height: 640, seed: 12345))
    #expect(result.report.promptTokens == 5)
    #expect(
      progress.all == [
        .loading(model: "m", bytes: 0, total: 10), .loading(model: "m", bytes: 10, total: 10),
        .step(1, of: 3), .step(2, of: 3), .step(3, of: 3),
      ])
    let status = engine.status
    #expect(status.state == .ready)
    #expect(status.model == "m" && status.allocatedBytes == 1000)
    #expect(status.deviceName == "fake" && status.detail == nil)
    #expect(try exists(#require(status.processID)))
    try await engine.load(ModelSource(id: "n", path: "/n")) { _ in }
    #expect(engine.status.model == "n")
  }

  @Test("Previews come between the steps they show, and change nothing else")
  func previews() async throws {
    let engine = try remoteEngine()
    let progress = Collector<GenerationProgress>()
    var asked = request("a cat", width: 512, height: 640, steps: 5, seed: 12345)
    let plain = try await engine.generate(asked) { _ in }
    asked.previewEvery = 2
    let result = try await engine.generate(asked) { progress.append($0) }
    #expect(result.image == plain.image)
    #expect(
      try progress.all == [
        .step(1, of: 5), .step(2, of: 5), .preview(gradient(width: 64, height: 80, seed: 2)),
        .step(3, of: 5), .step(4, of: 5), .preview(gradient(width: 64, height: 80, seed: 4)),
        .step(5, of: 5),
      ])
  }

  @Test("The engine's own errors come through, and cost nothing else")
  func failures() async throws {
    let engine = try remoteEngine()
    let error = try await failure(of: engine, request("fail"))
    #expect(error == GenerationError(.invalidRequest, "The prompt is too long.", field: "prompt"))
    let process = engine.status.processID
    await #expect(throws: GenerationError(.modelNotLoaded, "Model not loaded: broken.")) {
      try await engine.load(ModelSource(id: "broken", path: "/b")) { _ in }
    }
    _ = try await engine.generate(request("next")) { _ in }
    #expect(engine.status.processID == process)
  }

  @Test("Jobs are made one at a time, in order")
  func order() async throws {
    let engine = try remoteEngine("--step-ms", "10")
    let seen = Collector<Int>()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...4 {
        // One after the other is submitted: each adds its own task's turn.
        group.addTask {
          try await Task.sleep(for: .milliseconds(number * 60))
          _ = try await engine.generate(request("x", steps: 12)) { progress in
            if case .step = progress { seen.append(number) }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(seen.all == (1...4).flatMap { Array(repeating: $0, count: 12) })
  }

  @Test("Environment and arguments reach the child")
  func environment() async throws {
    let engine = try remoteEngine("--environment", "DARKROOM_TEST_EXIT") {
      $0.environment["DARKROOM_TEST_EXIT"] = "42"
    }
    let error = try await failure(of: engine, request("x"))
    #expect(error.message == "fake-engine stopped (exit status 42) before it was ready.")
  }

  @Test("A request that JSON cannot hold fails alone")
  func unsendable() async throws {
    let engine = try remoteEngine()
    var asked = request("x")
    asked.cfgScale = .infinity
    #expect(try await failure(of: engine, asked).kind == .internalError)
    _ = try await engine.generate(request("x")) { _ in }
  }

  @Test("stop() leaves no process, and no job unanswered")
  func stop() async throws {
    let engine = try remoteEngine("--step-ms", "20") { $0.stopGrace = .seconds(30) }
    let running = Task { try await engine.generate(request("x", steps: 1000)) { _ in } }
    let waiting = Task { try await engine.generate(request("x")) { _ in } }
    try await eventually("a job runs") { engine.status.model == "m" }
    let process = try #require(engine.status.processID)
    let start = ContinuousClock.now
    try await onThread { engine.stop() }
    // Less than stopGrace: the child has ended itself.
    #expect(start.duration(to: .now) < .seconds(20))
    #expect(!exists(process))
    let expected = GenerationError(.engineUnavailable, "The engine has been stopped.")
    await #expect(throws: expected) { try await running.value }
    await #expect(throws: expected) { try await waiting.value }
    await #expect(throws: expected) { try await engine.generate(request("x")) { _ in } }
    #expect(engine.status.state == .stopped)
    #expect(engine.status.processID == nil && engine.status.model == nil)
    // Again: nothing to do.
    engine.stop()
  }

  @Test("A child that outlives its connection is killed")
  func linger() async throws {
    let engine = try remoteEngine("--linger") { $0.stopGrace = .milliseconds(300) }
    _ = try await engine.generate(request("x")) { _ in }
    let process = try #require(engine.status.processID)
    let start = ContinuousClock.now
    try await onThread { engine.stop() }
    #expect(start.duration(to: .now) >= .milliseconds(300))
    #expect(!exists(process))
  }

  @Test("An engine let go of takes its process along")
  func deinitialiser() async throws {
    var process: Int32 = 0
    do {
      let engine = try remoteEngine()
      _ = try await engine.generate(request("x")) { _ in }
      process = try #require(engine.status.processID)
    }
    try await eventually("the process ends") { !exists(process) }
  }

  @Test("Ctrl-C at a terminal does not reach the child")
  func session() async throws {
    let engine = try remoteEngine()
    _ = try await engine.generate(request("x")) { _ in }
    let process = try #require(engine.status.processID)
    #expect(getsid(process) == process && getpgid(process) == process)
  }

  @Test("The child's descriptors are stdin, stdout, stderr and the socket")
  func inheritance() async throws {
    let engine = try remoteEngine()
    _ = try await engine.generate(request("x")) { _ in }
    let process = try #require(engine.status.processID)
    let folder = "/proc/\(process)/fd/"
    func target(_ number: String) throws -> String {
      try FileManager.default.destinationOfSymbolicLink(atPath: folder + number)
    }
    #expect(try target("0") == "/dev/null")
    #expect(try target("1") == target("2"))
    #expect(try target("3").hasPrefix("socket:"))
    // With the server's own end among them, the child could never read the end of the stream. What this
    // process was itself given to pass on is another matter.
    let closedOnExec = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
      .filter { Int32($0).map { fcntl($0, F_GETFD) == FD_CLOEXEC } ?? false }
      .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0) }
      .filter { $0.hasPrefix("socket:") }
    #expect(closedOnExec.count >= 3)
    let held = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { try? target($0) }
    #expect(Set(held).isDisjoint(with: closedOnExec))
  }

  @Test("Generations and deaths leave no descriptor behind")
  func descriptors() async {
    // In a process of its own: other tests open and close files meanwhile.
    await #expect(processExitsWith: .success) {
      func open() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1
      }
      let engine = try remoteEngine("--step-ms", "1")
      for _ in 1...3 { _ = try await engine.generate(request("x")) { _ in } }
      let before = open()
      for seed in 1...50 {
        let result = try await engine.generate(request("x", seed: UInt64(seed))) { _ in }
        #expect(try result.image == gradient(width: 64, height: 48, seed: UInt64(seed)))
      }
      #expect(open() == before)
      for _ in 1...10 { _ = try await failure(of: engine, request("die 1")) }
      _ = try await engine.generate(request("x")) { _ in }
      #expect(open() == before)
      engine.stop()
      // The socket and the pipe.
      #expect(open() == before - 2)
    }
  }
}
