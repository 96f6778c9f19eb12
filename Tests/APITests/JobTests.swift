import Access
import Foundation
import Generation
import HTTP
import JSON
import Scheduling
import Testing

@testable import API

@Suite(.timeLimit(.minutes(1))) struct JobTests {
  private static let body = #"{"prompt": "a", "seed": 7}"#
  private static let detached = #"{"prompt": "a", "seed": 7, "detach": true}"#

  @Test func aJobIsKnownByItsRequest() async throws {
    let bench = try Bench()
    let reply = await bench.ask("POST", "/generate", id: "mine", body: Self.body)
    #expect((reply.status, reply.headers["X-Job-Id"]) == (200, "mine"))
    let job = await bench.job("mine")
    #expect(JobRecord.detailShape.mismatches(job) == [])
    #expect((job["state"], job["model"], job["step"], job["steps"]) == ("completed", "animagine", 1, 28))
    // The client has the picture; it is not kept a second time.
    #expect((job["detached"], job["result"], job["error"]) == (false, nil, .null))
    // Asked again, the id is the new job's.
    let again = await bench.ask("POST", "/generate", id: "mine", body: Self.detached)
    #expect(again.headers["X-Job-Id"] == "mine")
    #expect(await bench.job("mine")["detached"] == true)
    let other = await bench.ask("POST", "/generate", id: "mine", address: "10.0.0.2", body: Self.body)
    let drawn = try #require(other.headers["X-Job-Id"])
    let listed = await bench.ask("GET", "/jobs").json["jobs"]?.arrayValue
    #expect(listed?.compactMap { $0["id"]?.stringValue } == [drawn, "mine"])
  }

  @Test func waitingAndRunningJobs() async throws {
    let held = try HeldBench()
    let bench = held.bench
    async let first = bench.ask("POST", "/generate", id: "first", body: Self.body)
    try await bench.wait(for: "first", "running")
    async let second = bench.ask("POST", "/generate", id: "second", body: Self.body)
    try await bench.wait(for: "second", "queued")
    while await bench.job("second")["position"] != 1 { await Task.yield() }
    for id in ["first", "second"] {
      let job = await bench.job(id)
      #expect(JobRecord.detailShape.mismatches(job) == [])
    }
    #expect(await bench.job("first")["started"] != .null)
    #expect(await bench.job("second")["started"] == .null)
    held.release()
    held.release()
    _ = await (first, second)
    #expect(await bench.job("second")["state"] == "completed")
  }

  @Test func cancellingARunningJob() async throws {
    let held = try HeldBench()
    let bench = held.bench
    async let waiting = bench.ask("POST", "/generate", id: "x", body: Self.body)
    try await bench.wait(for: "x", "running")
    let cancelled = await bench.ask("POST", "/jobs/x/cancel")
    #expect(cancelled.status == 200)
    #expect(JobRecord.shape.mismatches(cancelled.json) == [])
    #expect(cancelled.json["state"] == "cancelling")
    let reply = await waiting
    #expect((reply.status, reply.headers["X-Job-Id"]) == (409, "x"))
    #expect(reply.json == ["detail": "The job was cancelled", "code": "cancelled"])
    let again = await bench.ask("POST", "/jobs/x/cancel")
    #expect((again.status, again.json["state"]) == (200, "cancelled"))
    #expect(await bench.ask("POST", "/jobs/x/cancel").body == again.body)
    #expect(bench.service.queue.snapshot.running == 0)
  }

  @Test func cancellingAWaitingJobLeavesTheRunningOne() async throws {
    let held = try HeldBench()
    let bench = held.bench
    async let first = bench.ask("POST", "/generate", id: "first", body: Self.body)
    try await bench.wait(for: "first", "running")
    async let second = bench.ask("POST", "/generate", id: "second", body: Self.body)
    try await bench.wait(for: "second", "queued")
    _ = await bench.ask("POST", "/jobs/second/cancel")
    #expect(await second.status == 409)
    held.release()
    #expect(await first.status == 200)
    #expect(bench.engine.requests.count == 1)
  }

  @Test func aJobThatIsOverStaysAsItIs() async throws {
    let bench = try Bench()
    _ = await bench.ask("POST", "/generate", id: "x", body: Self.body)
    #expect(await bench.ask("POST", "/jobs/x/cancel").json["state"] == "completed")
  }

  @Test(arguments: [("GET", "/jobs/nobody"), ("POST", "/jobs/nobody/cancel")])
  func unknownJobs(method: String, path: String) async throws {
    let reply = try await Bench().ask(method, path)
    #expect(reply.status == 404)
    #expect(reply.json == ["detail": "There is no such job", "code": "job_not_found"])
  }

  @Test func aDetachedJobOutlivesItsClient() async throws {
    let held = try HeldBench()
    let bench = held.bench
    let client = Task { await bench.ask("POST", "/generate", id: "x", body: Self.detached) }
    try await bench.wait(for: "x", "running")
    client.cancel()
    try await Task.sleep(for: .milliseconds(20))
    #expect(await bench.job("x")["state"] == "running")
    held.release()
    try await bench.wait(for: "x", "completed")
    let job = await bench.job("x")
    #expect(JobRecord.detailShape.mismatches(job) == [])
    #expect(job["result"]?["seed"] == 7)
    #expect(job["result"]?.keys == ["image", "seed", "parameters", "timings"])
    // What it would have answered: bytes and all.
    #expect(await client.value.json == job["result"])
  }

  /// A result that had to give way is told from one that is still to come.
  @Test func aResultThatIsGone() async throws {
    var limits = JobStore.Limits()
    limits.replyBytes = 1
    let bench = try Bench(jobs: JobStore(limits: limits))
    for id in ["x", "y"] { _ = await bench.ask("POST", "/generate", id: id, body: Self.detached) }
    let gone = await bench.job("x")
    #expect(JobRecord.detailShape.mismatches(gone) == [])
    #expect((gone["state"], gone["result"]) == ("completed", .null))
    #expect(await bench.job("y")["result"]?["seed"] == 7)
  }

  @Test func othersLeaveWithTheirClient() async throws {
    let held = try HeldBench()
    let bench = held.bench
    let client = Task { await bench.ask("POST", "/generate", id: "x", body: Self.body) }
    try await bench.wait(for: "x", "running")
    client.cancel()
    try await bench.wait(for: "x", "cancelled")
  }

  @Test func stoppingEndsEveryJob() async throws {
    let held = try HeldBench()
    let bench = held.bench
    async let waiting = bench.ask("POST", "/generate", id: "x", body: Self.detached)
    try await bench.wait(for: "x", "running")
    bench.service.cancelJobs()
    let reply = await waiting
    #expect((reply.status, reply.json["code"]) == (503, "shutting_down"))
  }

  /// A step may take longer than there is time at the end.
  @Test(arguments: ["/generate", "/v1/images/generations"])
  func whoWaitsIsToldThoughAStepGoesOn(path: String) async throws {
    let (released, release) = AsyncStream.makeStream(of: Void.self)
    let engine = ScriptedEngine { request in
      // Not ended by a cancellation.
      await Task { for await _ in released { break } }.value
      return try .picture(of: request)
    }
    let bench = try Bench(engine: engine)
    let fields = path == "/generate" ? "" : #", "response_format": "b64_json""#
    async let waiting = bench.ask("POST", path, id: "x", body: #"{"prompt": "a"\#(fields)}"#)
    while bench.engine.requests.isEmpty { await Task.yield() }
    bench.service.cancelJobs()
    let reply = await waiting
    #expect((reply.status, (reply.json["error"] ?? reply.json)["code"]) == (503, "shutting_down"))
    release.finish()
  }

  /// The hash of a checkpoint takes as long as the disk: a cancelled job has no picture without it.
  @Test func cancellingWhileTheModelIsHashed() async throws {
    let (begun, begin) = AsyncStream.makeStream(of: Void.self)
    let bench = try Bench { configuration in
      configuration.modelHash = { _, _ in
        begin.yield()
        try? await Task.sleep(for: .seconds(600))
        return nil
      }
    }
    async let waiting = bench.ask("POST", "/generate", id: "x", body: Self.body)
    for await _ in begun { break }
    _ = await bench.ask("POST", "/jobs/x/cancel")
    #expect(await waiting.status == 409)
  }

  /// A picture is a job however it was asked for.
  @Test func picturesOfOpenAIsClients() async throws {
    let held = try HeldBench()
    let bench = held.bench
    let body = #"{"prompt": "a", "response_format": "b64_json"}"#
    async let first = bench.ask("POST", "/v1/images/generations", id: "first", body: body)
    try await bench.wait(for: "first", "running")
    async let second = bench.ask("POST", "/v1/images/generations", id: "second", body: body)
    try await bench.wait(for: "second", "queued")
    #expect(await bench.ask("POST", "/jobs/second/cancel").status == 200)
    let cancelled = await second
    #expect((cancelled.status, cancelled.headers["X-Should-Retry"]) == (409, "false"))
    #expect(cancelled.json["error"]?["code"] == "cancelled")
    held.release()
    let made = await first
    #expect((made.status, made.headers["X-Job-Id"]) == (200, "first"))
    #expect(await bench.job("first")["state"] == "completed")
  }

  @Test func failuresAreRemembered() async throws {
    let error = GenerationError(.invalidRequest, "Too many.", field: "steps")
    let bench = try Bench(engine: ScriptedEngine { _ in throw error })
    let reply = await bench.ask("POST", "/generate", id: "x", body: #"{"prompt": "a", "steps": 9}"#)
    #expect((reply.status, reply.headers["X-Job-Id"]) == (422, "x"))
    let job = await bench.job("x")
    #expect(JobRecord.detailShape.mismatches(job) == [])
    #expect(job["state"] == "failed")
    #expect(
      job["error"] == ["status": 422, "code": "validation_error", "detail": "steps: Value error, Too many."])
  }

  /// What is refused before it is queued was never a job.
  @Test func refusalsAreNoJobs() async throws {
    let held = try HeldBench(limit: 1)
    let bench = held.bench
    async let first = bench.ask("POST", "/generate", id: "first", body: Self.body)
    try await bench.wait(for: "first", "running")
    for (body, status) in [
      (Self.body, 429), (#"{"prompt": 1}"#, 422), (#"{"prompt": "a", "model": "x"}"#, 404),
    ] {
      let reply = await bench.ask("POST", "/generate", id: "other", body: body)
      #expect((reply.status, reply.headers["X-Job-Id"]) == (status, nil))
    }
    #expect(await bench.ask("GET", "/jobs").json["jobs"]?.arrayValue?.count == 1)
    held.release()
    _ = await first
  }

  @Test func everyTokenSeesItsOwnJobs() async throws {
    let table = try TokenTable(text: "anna secret-of-anna\nbert secret-of-bert\n")
    let bench = try Bench { $0.tokens = { table } }
    _ = await bench.ask("POST", "/generate", id: "x", token: "secret-of-anna", body: Self.detached)
    #expect(await bench.job("x", token: "secret-of-anna")["state"] == "completed")
    #expect(await bench.ask("GET", "/jobs/x", token: "secret-of-bert").status == 404)
    #expect(await bench.ask("POST", "/jobs/x/cancel", token: "secret-of-bert").status == 404)
    #expect(await bench.ask("GET", "/jobs", token: "secret-of-bert").json == ["jobs": []])
    #expect(await bench.ask("GET", "/jobs").status == 401)
  }

  @Test func clientsTakeTurns() async throws {
    let held = try HeldBench()
    let bench = held.bench
    let jobs = [("a1", "10.0.0.1"), ("a2", "10.0.0.1"), ("a3", "10.0.0.1"), ("b1", "10.0.0.2")]
    await withTaskGroup { group in
      for (id, address) in jobs {
        group.addTask { _ = await bench.ask("POST", "/generate", id: id, address: address, body: Self.body) }
        while await bench.job(id) == .null { await Task.yield() }
        while await bench.job(id)["position"] == .null, await bench.job(id)["started"] == .null {
          await Task.yield()
        }
      }
      var positions: [JSONValue?] = []
      for (id, _) in jobs { positions.append(await bench.job(id)["position"]) }
      #expect(positions == [.null, 2, 3, 1])
      for _ in jobs { held.release() }
    }
  }
}

@Suite struct Base64Tests {
  /// Against Foundation's.
  @Test func everyLength() {
    for length in 0..<70 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length &* 101) }
      let expected = Data(bytes).base64EncodedString()
      #expect(bytes.withUnsafeBufferPointer(Base64.encoded) == expected)
      #expect(Base64.length(of: length) == expected.utf8.count)
    }
    let all = (0...255).flatMap { high in (0...255).flatMap { [UInt8(high), UInt8($0), UInt8(high ^ $0)] } }
    #expect(all.withUnsafeBufferPointer(Base64.encoded) == Data(all).base64EncodedString())
  }
}
