import Dispatch
import Foundation
import Generation
import HTTP
import Images
import JSON
import Testing

@testable import API

@Suite(.timeLimit(.minutes(1))) struct PictureReplyTests {
  /// A picture that does not compress well.
  private static let noisy = ScriptedEngine { request in
    var state = request.seed
    let bytes = (0..<3 * 256 * 256).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
    var result = try GenerationResult.picture(of: request)
    result.image = try #require(RGBImage(width: 256, height: 256, pixels: bytes))
    return result
  }

  @Test func oneBufferOfTheRightSize() async throws {
    let reply = try await Bench(engine: Self.noisy).post(#"{"prompt": "a \"b\"\n夜", "seed": 7}"#)
    #expect(reply.body.count > 250_000)
    // The allocator gives whole pages.
    #expect(reply.body.capacity - reply.body.count <= 8192)
    // Around the picture it is what the writer of JSON writes.
    let text = String(decoding: reply.body, as: UTF8.self)
    #expect(text.hasPrefix(#"{"image":"iVBOR"#))
    #expect(reply.json.encoded() == reply.body)
    let png = try #require(reply.json["image"]?.stringValue.flatMap { Data(base64Encoded: $0) })
    #expect(try PNG.decode(Array(png)).width == 256)
    #expect(reply.json["timings"]?["encode"]?.numberValue?.double ?? 0 > 0)
  }

  /// A long body is parsed by the threads for such work, a short one at once.
  @Test func longBodiesAreParsedElsewhere() async throws {
    let bench = try Bench()
    let (begun, begin) = AsyncStream.makeStream(of: Void.self)
    let release = DispatchSemaphore(value: 0)
    async let blocker: Void = bench.service.workers.run {
      begin.yield()
      release.wait()
    }
    for await _ in begun { break }
    #expect(await bench.post("{").status == 422)
    let blanks = String(repeating: " ", count: 65 << 10)
    async let late = bench.post(blanks + #"{"prompt": "a"}"#).status
    try await Task.sleep(for: .milliseconds(50))
    #expect(bench.engine.requests.isEmpty)
    release.signal()
    #expect(await late == 200)
    try await blocker
  }
}
