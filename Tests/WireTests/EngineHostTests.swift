import Foundation
import Generation
import Images
import Synchronization
import Testing
import Wire
import fake_engine

/// A host on a thread of its own, and the server's end of its channel.
private final class Hosted: Sendable {
  let channel: FrameChannel
  let engine: ScriptedEngine
  let endings = Collector<WireError?>()
  private let reader = Mutex(FrameReader())

  init(stepTime: Duration = .milliseconds(1)) async throws {
    let (ours, theirs) = try FrameChannel.pair()
    engine = ScriptedEngine(stepTime: stepTime)
    channel = ours
    let host = EngineHost(theirs, engine: engine)
    Thread.detachNewThread { [endings] in endings.append(host.run()) }
    let greeting = try await nextFrame().message(Greeting.self)
    #expect(greeting == Greeting(protocolVersion: 3, status: engine.status))
  }

  deinit { channel.shutDown() }

  func send(_ command: EngineCommand) throws { try channel.send(Frame(command)) }

  func nextFrame() async throws -> Frame {
    let frame = try await onThread { [self] in
      try reader.withLock { reader in try channel.nextFrame(&reader) }
    }
    return try #require(frame)
  }

  func nextEvent() async throws -> EngineEvent { try await nextFrame().message(EngineEvent.self) }

  /// Events up to and including the first that is neither progress nor status, which carries the pixels.
  func untilEnd() async throws -> (events: [EngineEvent], pixels: [UInt8]) {
    var events: [EngineEvent] = []
    while true {
      let frame = try await nextFrame()
      let event = try frame.message(EngineEvent.self)
      events.append(event)
      switch event {
      case .status, .loading, .step: #expect(frame.attachment.isEmpty)
      case .preview: #expect(!frame.attachment.isEmpty)
      case .finished, .loaded, .failed, .cancelled: return (events, frame.attachment)
      }
    }
  }
}

/// Says more about a failure than a frame's header holds.
private struct VerboseEngine: ImageEngine {
  let status = EngineStatus(state: .ready)

  func generate(
    _ request: GenerationRequest, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws -> GenerationResult { throw error }

  func load(_ model: ModelSource, progress: @escaping @Sendable (GenerationProgress) -> Void) async throws {
    throw error
  }

  private var error: GenerationError {
    GenerationError(.modelNotLoaded, String(repeating: "x", count: Frame.maxHeaderBytes))
  }
}

@Suite(.timeLimit(.minutes(2))) struct EngineHostTests {
  @Test("A picture: progress in order, the status as it changes, then the pixels")
  func picture() async throws {
    let host = try await Hosted()
    try host.send(.generate(job: 9, request: request("a cat", steps: 2, seed: 300)))
    let (events, pixels) = try await host.untilEnd()
    #expect(events.count == 8)
    #expect(events[1] == .loading(job: 9, model: "m", bytes: 0, total: 10))
    #expect(events[2] == .loading(job: 9, model: "m", bytes: 10, total: 10))
    guard case .status(let atFirstStep) = events[3] else { throw unexpected(events[3]) }
    #expect(atFirstStep.model == "m" && atFirstStep.allocatedBytes == 0)
    #expect(events[4] == .step(job: 9, 1, of: 2))
    #expect(events[5] == .step(job: 9, 2, of: 2))
    guard case .status(let after) = events[6] else { throw unexpected(events[6]) }
    #expect(after.model == "m" && after.allocatedBytes == 1000)
    guard case .finished(9, let report, 64, 48) = events[7] else { throw unexpected(events[7]) }
    #expect(report.promptTokens == 5 && report.timings.denoise == 12.5)
    #expect(try pixels == gradient(width: 64, height: 48, seed: 300).pixels)
  }

  @Test("Loading, and a model that cannot be")
  func load() async throws {
    let host = try await Hosted()
    try host.send(.load(job: 1, model: ModelSource(id: "n", path: "/n")))
    #expect(try await host.untilEnd().events.last == .loaded(job: 1))
    #expect(host.engine.status.model == "n")
    try host.send(.load(job: 2, model: ModelSource(id: "broken", path: "/b")))
    let expected = GenerationError(.modelNotLoaded, "Model not loaded: broken.")
    #expect(try await host.untilEnd().events.last == .failed(job: 2, expected))
  }

  @Test("Failures are passed on; foreign ones by their type alone")
  func failures() async throws {
    let host = try await Hosted()
    try host.send(.generate(job: 1, request: request("fail")))
    let expected = GenerationError(.invalidRequest, "The prompt is too long.", field: "prompt")
    #expect(try await host.untilEnd().events.last == .failed(job: 1, expected))
    try host.send(.generate(job: 2, request: request("surprise")))
    let foreign = GenerationError(.internalError, "The engine failed: Surprise.")
    #expect(try await host.untilEnd().events.last == .failed(job: 2, foreign))
    try host.send(.generate(job: 3, request: request("infinite")))
    let unsendable = GenerationError(.internalError, "The engine failed: WireError.")
    #expect(try await host.untilEnd().events.last == .failed(job: 3, unsendable))
  }

  @Test("A failure that no frame can hold ends its job all the same")
  func unsendableFailure() async throws {
    let (ours, theirs) = try FrameChannel.pair()
    defer { ours.shutDown() }
    let host = EngineHost(theirs, engine: VerboseEngine())
    Thread.detachNewThread { host.run() }
    try ours.send(Frame(EngineCommand.load(job: 4, model: ModelSource(id: "n", path: "/n"))))
    // An end is waited for at most this long: without it, `nextFrame` would wait for ever.
    let limit = Task {
      try await Task.sleep(for: .seconds(20))
      ours.shutDown()
    }
    defer { limit.cancel() }
    let last = try await onThread {
      var reader = FrameReader()
      var last: Frame?
      for _ in ["greeting", "status", "end"] { last = try ours.nextFrame(&reader) }
      return last
    }
    let expected = GenerationError(.internalError, "The engine's answer cannot be sent.")
    #expect(try last?.message(EngineEvent.self) == .failed(job: 4, expected))
  }

  @Test("A cancelled job ends within one step, and the next one runs")
  func cancel() async throws {
    let host = try await Hosted()
    try host.send(.cancel(job: 77))
    try host.send(.generate(job: 1, request: request("pause 3", steps: 1000)))
    while try await host.nextEvent() != .step(job: 1, 2, of: 1000) {}
    try host.send(.cancel(job: 1))
    #expect(try await host.untilEnd().events.last == .cancelled(job: 1))
    #expect(host.engine.stepsBegun <= 3)
    try host.send(.generate(job: 2, request: request("short")))
    #expect(try await host.untilEnd().pixels.count == 3 * 64 * 48)
  }

  @Test("The end of the stream ends run() and cancels its jobs")
  func endOfStream() async throws {
    let host = try await Hosted(stepTime: .milliseconds(20))
    try host.send(.generate(job: 1, request: request("long", steps: 1000)))
    while try await host.nextEvent() != .step(job: 1, 1, of: 1000) {}
    host.channel.shutDown()
    try await eventually("run() returns") { host.endings.count == 1 }
    #expect(host.endings.all == [nil])
    let begun = host.engine.stepsBegun
    try await Task.sleep(for: .milliseconds(200))
    #expect(host.engine.stepsBegun <= begun + 1)
  }

  @Test("What is no command ends run() with the reason")
  func nonsense() async throws {
    let host = try await Hosted()
    try host.channel.send(Frame(header: Array("{}".utf8)))
    try await eventually("run() returns") { host.endings.count == 1 }
    #expect(host.endings.all == [.badHeader(expected: "EngineCommand")])
  }

  @Test("A job's number cannot be used twice at once")
  func duplicate() async throws {
    let host = try await Hosted(stepTime: .milliseconds(50))
    try host.send(.generate(job: 1, request: request("long", steps: 1000)))
    try host.send(.load(job: 1, model: ModelSource(id: "n", path: "/n")))
    try await eventually("run() returns") { host.endings.count == 1 }
    #expect(host.endings.all == [.unexpected("job 1 was sent twice")])
  }

  private func unexpected(_ event: EngineEvent) -> WireError { .unexpected("\(event)") }
}
