import Foundation
import Generation
import HTTP
import Images
import JSON
import Scheduling
import Testing

@testable import API

/// What requests with pictures hold on their way to the queue.
@Suite(.timeLimit(.minutes(1))) struct PlanTests {
  private static func png(_ width: Int, _ height: Int) throws -> JSONValue {
    let image = try #require(
      RGBImage(width: width, height: height, pixels: Array(repeating: 200, count: 3 * width * height)))
    return .string(Data(try PNG.encode(image)).base64EncodedString())
  }

  private static func bench(queue: JobQueue = JobQueue(limit: 16)) throws -> Bench {
    let bench = try Bench(queue: queue)
    try bench.add("ip-adapter/one.safetensors", Bench.ipAdapter)
    try bench.add("ip-adapter/image_encoder/model.safetensors", "vision_model.x")
    try bench.add("controlnet/raw/diffusion_pytorch_model.safetensors", Bench.controlNet)
    return bench
  }

  private static func body() throws -> JSONObject {
    let picture = try png(80, 72)
    return [
      "prompt": "a", "width": 64, "height": 64, "image": picture, "mask": picture,
      "reference_images": [["image": picture, "mask": picture]], "control": [["image": picture]],
    ]
  }

  /// Of pictures as they came, a job that waits keeps what is said of them.
  @Test func originalsAreLetGo() async throws {
    let bench = try Self.bench()
    let plan = try await bench.service.plan(Self.body())
    let start = try #require(plan.order.start)
    let reference = try #require(plan.order.reference?.references.first)
    let pictures = [
      start.picture, try #require(start.mask?.picture), reference.picture, try #require(reference.mask),
      try #require(plan.order.controls.first?.picture),
    ]
    for picture in pictures {
      #expect((picture.width, picture.height, picture.sha256.count) == (80, 72, 64))
      #expect(throws: APIError.unexpected) { _ = try picture.image }
    }
    let prepared = try #require(plan.request.start)
    #expect((prepared.picture.width, prepared.picture.height) == (64, 64))
  }

  /// Once its pictures are decoded, nothing else comes before they are prepared.
  @Test func decodingAndPreparingAreOnePiece() async throws {
    let bench = try Self.bench()
    let (first, second) = (ThreadGate(), ThreadGate())
    async let before: Void = bench.service.workers.run { first.hold() }
    await first.isHolding()
    let body = try Self.body()
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    let plan = Task {
      defer { end.finish() }
      return try await bench.service.plan(body)
    }
    // Its first piece waits before the second gate's.
    try await Task.sleep(for: .milliseconds(50))
    async let after: Void = bench.service.workers.run { second.hold() }
    try await Task.sleep(for: .milliseconds(50))
    first.open()
    await second.isHolding()
    // Else the plan would wait for the thread that the gate holds.
    let opening = Task {
      try await Task.sleep(for: .seconds(20))
      Issue.record("preparing waits for others")
      second.open()
    }
    for await _ in ends {}
    opening.cancel()
    second.open()
    #expect(try await plan.value.request.controls.count == 1)
    _ = try await (before, after)
  }

  /// A queue that filled while the request came is found before its pictures are decoded.
  @Test func aFullQueueIsFoundFirst() async throws {
    let bench = try Self.bench(queue: JobQueue(limit: 0))
    let reply = await bench.post(#"{"prompt": "a", "image": "no picture"}"#)
    #expect((reply.status, reply.json["code"]) == (429, "queue_full"))
    #expect(await bench.post(#"{"prompt": "a", "steps": 0}"#).status == 422)
  }

  /// What minutes went into is not lost to requests that wait for the same threads.
  @Test func aPictureIsFinishedWhateverWaits() async throws {
    let held = try HeldBench()
    let bench = held.bench
    async let reply = bench.ask("POST", "/generate", id: "x", body: #"{"prompt": "a"}"#)
    try await bench.wait(for: "x", "running")
    let gate = ThreadGate()
    async let blocker: Void = bench.service.workers.run { gate.hold() }
    await gate.isHolding()
    // More than the pool takes.
    let waiting = (0..<10).map { _ in Task { try await bench.service.workers.run {} } }
    try await Task.sleep(for: .milliseconds(50))
    held.release()
    try await Task.sleep(for: .milliseconds(50))
    gate.open()
    #expect(await reply.status == 200)
    try await blocker
    for task in waiting { _ = await task.result }
  }
}
