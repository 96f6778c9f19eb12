import Foundation
import Images
import JSON
import Scheduling
import Testing

/// Jobs as clients meet them: over TCP, with the engine in a process of its own.
@Suite(.timeLimit(.minutes(2)), .serialized) struct LiveJobTests {
  /// The body of a chunked response.
  private func body(_ response: String) throws -> [UInt8] {
    let parts = try #require(response.range(of: "\r\n\r\n"))
    #expect(response[..<parts.lowerBound].lowercased().contains("transfer-encoding: chunked"))
    var rest = Substring(response[parts.upperBound...]).utf8[...]
    var bytes: [UInt8] = []
    while let end = rest.firstIndex(of: UInt8(ascii: "\r")) {
      let size = try #require(Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16))
      if size == 0 { break }
      rest = rest[rest.index(end, offsetBy: 2)...]
      bytes += rest.prefix(size)
      rest = rest.dropFirst(size + 2)
    }
    return bytes
  }

  private func until(_ condition: () async throws -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(20)
    while try await !condition() {
      try #require(ContinuousClock.now < limit)
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  @Test func aStreamFromTheQueueToThePicture() async throws {
    let server = try LiveServer(stepMilliseconds: 20)
    let body = #"{"prompt": "a", "width": 512, "height": 512, "steps": 6, "seed": 5, "preview_every": 2}"#
    let client = try server.post(body, headers: "Accept: text/event-stream", "X-Request-Id: mine")
    let response = try await client.read { $0.hasSuffix("0\r\n\r\n") }
    let events = SentEvent.all(in: try self.body(response))
    let names = events.map(\.name)
    #expect(names.first == "queued" && names.last == "completed")
    #expect(events.first?.data == ["id": "mine", "position": 0])
    let loading = events.filter { $0.name == "loading" }
    #expect(loading.last?.data == ["model": "animagine", "bytes": 10, "total": 10])
    let steps = events.filter { $0.name == "step" }.map(\.data)
    #expect(steps.last?["step"] == 6 && steps.last?["eta_s"] == 0.0)
    #expect(steps.compactMap { $0["eta_s"]?.numberValue?.double }.allSatisfy { $0 < 5 })
    let preview = try #require(events.first { $0.name == "preview" }?.data)
    let jpeg = try #require(preview["image"]?.stringValue.flatMap { Data(base64Encoded: $0) })
    let picture = try JPEG.decode(Array(jpeg))
    #expect((picture.width, picture.height) == (64, 64))

    // The same request without a stream gives the same bytes.
    let plain = try server.post(body, headers: "Connection: close")
    let reply = try await plain.read { _ in false }
    let json = try JSONValue.parse(Array(reply.components(separatedBy: "\r\n\r\n").dropFirst().joined().utf8))
    #expect(json["image"] != nil && json["image"] == events.last?.data["image"])
    await server.stop()
  }

  @Test func aClientThatHangsUpFreesTheEngineWithinAStep() async throws {
    let server = try LiveServer(stepMilliseconds: 200)
    let client = try server.post(
      #"{"prompt": "a", "steps": 150}"#, headers: "Accept: text/event-stream", "X-Request-Id: gone")
    _ = try await client.read { $0.contains("event: step") }
    let next = try server.post(#"{"prompt": "b", "steps": 1}"#, headers: "Connection: close")
    try await until { server.queue.snapshot.waiting == 1 }
    let start = ContinuousClock.now
    client.hangUp()
    #expect(try await next.read { _ in false }.hasPrefix("HTTP/1.1 200"))
    // Two steps of 200 ms, and what a busy machine takes: the whole job has half a minute.
    #expect(start.duration(to: .now) < .seconds(10))
    #expect(try await server.get("/jobs/gone").contains(#""state":"cancelled""#))
    await server.stop()
  }

  @Test func aDetachedJobIsFoundAgain() async throws {
    let server = try LiveServer(stepMilliseconds: 10)
    let client = try server.post(
      #"{"prompt": "a", "steps": 20, "seed": 9, "detach": true}"#, headers: "X-Request-Id: later")
    try await until { try await server.get("/jobs/later").contains(#""state":"running""#) }
    client.hangUp()
    try await until { try await server.get("/jobs/later").contains(#""state":"completed""#) }
    let reply = try await server.get("/jobs/later")
    let json = try JSONValue.parse(Array(reply.components(separatedBy: "\r\n\r\n").dropFirst().joined().utf8))
    let png = try #require(json["result"]?["image"]?.stringValue.flatMap { Data(base64Encoded: $0) })
    #expect(try PNG.decode(Array(png)).width == 832)
    await server.stop()
  }

  @Test func cancellingFromElsewhere() async throws {
    let server = try LiveServer(stepMilliseconds: 20)
    let client = try server.post(
      #"{"prompt": "a", "steps": 150}"#, headers: "X-Request-Id: x", "Connection: close")
    try await until { try await server.get("/jobs/x").contains(#""state":"running""#) }
    #expect(try await server.get("/jobs/x/cancel", method: "POST").hasPrefix("HTTP/1.1 200"))
    let reply = try await client.read { _ in false }
    #expect(reply.hasPrefix("HTTP/1.1 409") && reply.contains(#""code":"cancelled""#))
    await server.stop()
  }
}
