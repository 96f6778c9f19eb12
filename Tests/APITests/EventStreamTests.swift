import Generation
import HTTP
import JSON
import Scheduling
import Telemetry
import Testing

@testable import API

@Suite(.timeLimit(.minutes(1))) struct EventStreamTests {
  private static let body = #"{"prompt": "a", "seed": 7, "steps": 3}"#
  private static let events = "text/event-stream"

  @Test func theLastEventIsThePlainReply() async throws {
    let bench = try Bench()
    let reply = await bench.ask("POST", "/generate", id: "x", accept: Self.events, body: Self.body)
    #expect(reply.status == 200)
    #expect(reply.headers["Content-Type"] == "text/event-stream")
    #expect(reply.headers["Cache-Control"] == "no-store")
    #expect(reply.headers["X-Accel-Buffering"] == "no")
    #expect(reply.headers["X-Job-Id"] == "x")
    let events = await reply.events()
    #expect(events.first == SentEvent(name: "queued", data: ["id": "x", "position": 0]))
    #expect(events.map(\.name) == ["queued", "step", "completed"])
    #expect(events.dropFirst().first?.data == ["step": 1, "steps": 3, "eta_s": .null])
    let plain = await bench.ask("POST", "/generate", body: Self.body).json
    let completed = try #require(events.last?.data)
    #expect(completed.keys == plain.keys)
    #expect((completed["image"], completed["parameters"]) == (plain["image"], plain["parameters"]))
  }

  /// As for an ordinary reply.
  @Test func theAccessLogHearsOfTheTimes() async throws {
    let bench = try Bench()
    let request = bench.request("POST", "/generate", accept: Self.events, body: Self.body)
    guard case .later(let account, let work) = bench.service.respond(to: request) else {
      Issue.record("the reply came at once")
      return
    }
    _ = await work().read()
    #expect((account as? RequestStory)?.job?.steps == 3)
    #expect((account as? RequestStory)?.job?.denoise == 1000)
  }

  @Test func placesInTheQueueAreTold() async throws {
    let held = try HeldBench()
    let bench = held.bench
    async let first = bench.ask("POST", "/generate", id: "first", body: Self.body)
    try await bench.wait(for: "first", "running")
    let second = await bench.ask("POST", "/generate", id: "second", accept: Self.events, body: Self.body)
    let stream = try #require(second.stream)
    let opening = SentEvent.all(in: try #require(await stream.next()))
    #expect(opening == [SentEvent(name: "queued", data: ["id": "second", "position": 1])])
    held.release()
    _ = await first
    held.release()
    let rest = await second.events()
    #expect(rest.map(\.name) == ["queued", "step", "completed"])
    #expect(rest.first?.data["position"] == 0)
    // The first job's one step was no measurement.
    #expect(rest.dropFirst().first?.data["eta_s"] == .null)
  }

  @Test func whatIsRefusedBeforeTheQueueIsAnOrdinaryReply() async throws {
    let held = try HeldBench(limit: 1)
    let bench = held.bench
    async let first = bench.ask("POST", "/generate", id: "first", body: Self.body)
    try await bench.wait(for: "first", "running")
    for (body, status) in [
      (Self.body, 429), (#"{"prompt": 1}"#, 422), (#"{"prompt": "a", "model": "x"}"#, 404),
    ] {
      let reply = await bench.ask("POST", "/generate", accept: Self.events, body: body)
      #expect((reply.status, reply.headers["Content-Type"]) == (status, "application/json"))
      #expect(reply.stream == nil)
    }
    held.release()
    _ = await first
  }

  @Test func laterErrorsAreEvents() async throws {
    let bench = try Bench(
      engine: ScriptedEngine { _ in throw GenerationError(.engineUnavailable, "It died.") })
    let reply = await bench.ask("POST", "/generate", accept: Self.events, body: Self.body)
    #expect(reply.status == 200)
    let events = await reply.events()
    #expect(events.map(\.name) == ["queued", "step", "error"])
    #expect(
      events.last?.data
        == ["status": 503, "retry_after": 10, "detail": "It died.", "code": "engine_unavailable"])
  }

  @Test func aCancelledJobSaysSo() async throws {
    let held = try HeldBench()
    let reply = await held.bench.ask("POST", "/generate", id: "x", accept: Self.events, body: Self.body)
    _ = await held.bench.ask("POST", "/jobs/x/cancel")
    #expect(
      await reply.events().last
        == SentEvent(
          name: "error", data: ["status": 409, "detail": "The job was cancelled", "code": "cancelled"]))
  }

  @Test func aReaderThatHangsUpEndsItsJob() async throws {
    let held = try HeldBench()
    let reply = await held.bench.ask("POST", "/generate", id: "x", accept: Self.events, body: Self.body)
    try await held.bench.wait(for: "x", "running")
    reply.stream?.clientHungUp()
    try await held.bench.wait(for: "x", "cancelled")
  }

  @Test func aDetachedOneGoesOn() async throws {
    let held = try HeldBench()
    let body = #"{"prompt": "a", "detach": true}"#
    let reply = await held.bench.ask("POST", "/generate", id: "x", accept: Self.events, body: body)
    try await held.bench.wait(for: "x", "running")
    reply.stream?.clientHungUp()
    held.release()
    try await held.bench.wait(for: "x", "completed")
    #expect(await held.bench.job("x")["result"]?["image"] != nil)
  }

  @Test func commentsKeepAQuietConnectionOpen() async throws {
    let store = JobStore()
    let job = store.start(JobOpening(id: "x", client: "a", model: "m", steps: 1)) { reporter in
      reporter.report(.queued(ahead: 0))
      try? await Task.sleep(for: .seconds(600))
      return nil
    }
    let first = try #require(await job.events.next(within: .seconds(10)))
    let stream = EventStream(job, first: first, quiet: .milliseconds(5))
    #expect(await stream.next() == Array("event: queued\ndata: {\"id\":\"x\",\"position\":0}\n\n".utf8))
    for _ in 0..<3 { #expect(await stream.next() == Array(":\n\n".utf8)) }
    _ = store.cancel("x", of: nil)
    var last: [UInt8] = []
    while let piece = await stream.next() { last = piece }
    #expect(SentEvent.all(in: last).map(\.name) == ["error"])
    // The end stays the end.
    #expect(await stream.next() == nil)
  }

  @Test(
    arguments: [
      (nil, 0), ("application/json", 0), ("text/event-stream", 5), ("text/event-stream, application/json", 5),
    ] as [(String?, Int)])
  func previewsAreForStreams(accept: String?, every: Int) async throws {
    let bench = try Bench()
    _ = await bench.ask("POST", "/generate", accept: accept, body: Self.body).read()
    #expect(bench.engine.requests.first?.previewEvery == every)
  }

  @Test(arguments: [
    ("text/event-stream", true), ("Text/Event-Stream; charset=utf-8", true), ("*/*", false), ("", false),
    ("application/json, text/event-stream", true), ("application/json, text/event-stream;q=0.5", false),
    ("text/event-stream;q=0", false), ("application/json;q=0.1, text/event-stream ; q=0.5", true),
    ("text/html", false),
  ])
  func whoWantsEvents(accept: String, wants: Bool) {
    #expect(HTTPHeaders(dictionaryLiteral: ("Accept", accept)).preferEvents == wants)
  }
}
