import Foundation
import Generation
import HTTP
import JSON
import Testing

@testable import API

/// Holds routes to their descriptions.
@Suite struct ShapeTests {
  private func expect(
    _ reply: HTTPResponse, of method: Route.Method, _ path: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let route = try #require(Route.all.first { $0.method == method && $0.path.text == path })
    let described = try #require(route.replies.first { $0.status == reply.status })
    let type = reply.headers["Content-Type"]?.prefix { $0 != ";" }
    #expect(type.map(String.init) == described.media, sourceLocation: sourceLocation)
    guard let shape = described.shape else { return }
    #expect(shape.mismatches(reply.json) == [], sourceLocation: sourceLocation)
  }

  @Test(arguments: [
    "/health", "/healthz", "/readyz", "/models", "/loras", "/metrics", "/v1/gateway/status",
  ])
  func listings(path: String) async throws {
    let bench = try Bench()
    try Data([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)).write(
      to: bench.folder.appending(path: "loras/style.safetensors"))
    try expect(await bench.send("GET", path), of: .get, path)
    let status = EngineStatus(
      state: .restarting, model: "pony", device: "cuda:0", deviceName: "GPU", cudaAvailable: true,
      allocatedBytes: 1, processID: 7, detail: "it died")
    let troubled = try Bench(engine: ScriptedEngine(status: status))
    try expect(await troubled.send("GET", path), of: .get, path)
  }

  @Test(arguments: ["/generate", "/"])
  func pictures(path: String) async throws {
    try expect(await Bench().post(#"{"prompt": "a"}"#, to: path), of: .post, path)
    let other = #"{"prompt": "a", "model": "noobai", "negative_prompt": "", "vae": "x"}"#
    let bench = try Bench(models: [.plain], vaes: ["x"])
    try expect(
      await bench.post(other.replacingOccurrences(of: "noobai", with: "m"), to: path), of: .post, path)
  }

  @Test func mismatches() {
    let shape = Shape.object([
      .init(name: "a", shape: .array(.integer)), .init(name: "b", shape: .nullable(.choice(["x", "y"]))),
      .init(name: "c", shape: .map(.named("C", .record(["d": .boolean]))), isRequired: false),
    ])
    #expect(shape.mismatches(["a": [1, 2], "b": .null]) == [])
    #expect(shape.mismatches(["a": [], "b": "y", "c": ["k": ["d": true]]]) == [])
    #expect(shape.mismatches(["a": [1, 2.0], "e": 1]).count == 3)
    #expect(shape.mismatches(["a": 1, "b": "z", "c": ["k": ["d": "true"]]]).count == 3)
    #expect(shape.mismatches([]).count == 1)
  }
}
