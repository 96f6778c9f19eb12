import Foundation
import JSON
import TestSupport
import Testing

@Suite(.serialized) struct FileHashTests {
  /// The first listing does not wait for the files; a later one has their digests, and so has the next run.
  @Test func listingsOfLoRAs() async throws {
    let folder = try TemporaryFolder.withPocket()
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "loras"), withIntermediateDirectories: true)
    let fixtures = Repository.root.appending(path: "Tests/Fixtures/loras")
    for name in ["loha", "peft"] {
      try FileManager.default.copyItem(
        at: fixtures.appending(path: "\(name).safetensors"),
        to: folder.url.appending(path: "loras/\(name).safetensors"))
    }
    let expected = try run(
      "/usr/bin/sha256sum", ["loha", "peft"].map { folder.path("loras/\($0).safetensors") }
    )
    .output.split(separator: "\n").map { JSONValue.string(String($0.prefix(64))) }
    func hashes(_ server: RunningServer) throws -> [JSONValue] {
      let listed = try JSONValue.parse(Array(server.curl("/loras").body))["loras"]?.arrayValue ?? []
      return listed.compactMap { $0["hash"] }
    }

    let first = try RunningServer(models: folder.path, arguments: Served.engine)
    let deadline = ContinuousClock.now + .seconds(30)
    var found = try hashes(first)
    while found != expected, ContinuousClock.now < deadline {
      #expect(zip(found, expected).allSatisfy { $0 == .null || $0 == $1 })
      try await Task.sleep(for: .milliseconds(20))
      found = try hashes(first)
    }
    #expect(found == expected)
    first.signal(SIGTERM)
    first.process.waitUntilExit()
    let second = try RunningServer(models: folder.path, arguments: Served.engine)
    #expect(try hashes(second) == expected)
  }
}
