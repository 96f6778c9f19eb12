import API
import Generation
import HTTP
import JSON
import Scheduling
import Synchronization
import Testing

@Suite struct FailureTests {
  private struct Surprise: Error {}

  private func reply(to error: any Error & Sendable) async throws -> HTTPResponse {
    try await Bench(engine: ScriptedEngine { _ in throw error }).post(#"{"prompt": "a b", "steps": 3}"#)
  }

  @Test(arguments: [
    (GenerationError.Kind.modelNotLoaded, 503, "Model not loaded: animagine: why"),
    (.outOfMemory, 503, "why"),
    (.nonfiniteOutput, 500, "why"), (.engineUnavailable, 503, "why"), (.timeout, 504, "why"),
    (.internalError, 500, "Internal Server Error"),
  ])
  func engineErrors(kind: GenerationError.Kind, status: Int, detail: String) async throws {
    let reply = try await reply(to: GenerationError(kind, "why"))
    #expect(reply.status == status)
    #expect(reply.json == ["detail": .string(detail), "code": .string(kind.rawValue)])
    #expect((reply.headers["Retry-After"] != nil) == (kind == .engineUnavailable))
  }

  @Test func tooLongAPrompt() async throws {
    let reply = try await reply(
      to: GenerationError(.invalidRequest, "80 tokens; at most 75", field: "prompt"))
    #expect(reply.status == 422)
    #expect(
      reply.json == [
        "detail": [
          [
            "type": "value_error", "loc": ["body", "prompt"], "msg": "Value error, 80 tokens; at most 75",
            "input": "a b", "ctx": ["error": [:]],
          ]
        ], "code": "validation_error",
      ])
  }

  @Test func requestsTheModelCannotDo() async throws {
    let field = try await reply(to: GenerationError(.invalidRequest, "no", field: "steps"))
    #expect(field.json["detail"]?.arrayValue?.first?["loc"] == ["body", "steps"])
    #expect(field.json["detail"]?.arrayValue?.first?["input"] == 3)
    let whole = try await reply(to: GenerationError(.invalidRequest, "no"))
    #expect((whole.status, whole.json["detail"]?.arrayValue?.first?["loc"]) == (422, ["body"]))
  }

  @Test func surprisesAreReportedAndHidden() async throws {
    let reports = Reports()
    let bench = try Bench(engine: ScriptedEngine { _ in throw Surprise() }) { configuration in
      configuration.report = { reports.add("\($0)") }
    }
    let reply = await bench.post(#"{"prompt": "a"}"#)
    #expect(reply.status == 500)
    #expect(reply.json == ["detail": "Internal Server Error", "code": "internal_error"])
    #expect(reports.all == ["Surprise()"])
  }

  @Test func anInternalErrorIsReportedOnceAndAsItIs() async throws {
    let error = GenerationError(.internalError, "matmul of 3 x 4 and 5 x 6")
    let reports = Reports()
    let bench = try Bench(engine: ScriptedEngine { _ in throw error }) { configuration in
      configuration.report = { reports.add("\($0)") }
    }
    let reply = await bench.post(#"{"prompt": "a"}"#)
    #expect(reply.status == 500)
    #expect(reply.json == ["detail": "Internal Server Error", "code": "internal_error"])
    #expect(reports.all == ["\(error)"])
  }

  @Test func queueFull() async throws {
    let queue = JobQueue(limit: 1)
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    let (released, release) = AsyncStream.makeStream(of: Void.self)
    let engine = ScriptedEngine { request in
      start.yield()
      for await _ in released { break }
      return try .picture(of: request)
    }
    let bench = try Bench(engine: engine, queue: queue)
    async let first = bench.post(#"{"prompt": "a"}"#)
    for await _ in started { break }
    let refused = await bench.post(#"{"prompt": "b"}"#)
    #expect((refused.status, refused.json["code"]) == (429, "queue_full"))
    #expect(Int(refused.headers["Retry-After"] ?? "") ?? 0 >= 1)
    #expect(await bench.send("GET", "/health").json["queue"] == ["running": 1, "waiting": 0, "limit": 1])
    release.yield()
    #expect(await first.status == 200)
    #expect(engine.requests.count == 1)
  }

  @Test func aClientThatHangsUpEndsItsJob() async throws {
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    let engine = ScriptedEngine { request in
      start.yield()
      try await Task.sleep(for: .seconds(60))
      return try .picture(of: request)
    }
    let queue = JobQueue(limit: 1)
    let bench = try Bench(engine: engine, queue: queue)
    let task = Task { await bench.post(#"{"prompt": "a"}"#) }
    for await _ in started { break }
    task.cancel()
    let reply = await task.value
    #expect(reply.status == 503)
    #expect(queue.snapshot.running == 0)
  }

  @Test func workCancelledByAStoppingServerMayBeSentAgain() async throws {
    let reply = try await reply(to: CancellationError())
    #expect(reply.status == 503)
    #expect(reply.headers["Retry-After"] == "10")
    #expect(
      reply.json == [
        "detail": "The server is stopping; the request may be sent again", "code": "shutting_down",
      ])
  }
}

/// Collects what is reported.
private final class Reports: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func add(_ line: String) { lines.withLock { $0.append(line) } }
}
