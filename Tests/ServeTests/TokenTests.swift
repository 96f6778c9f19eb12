import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct TokenTests {
  @Test func theFileAndTheVariableLetIn() async throws {
    let folder = try TemporaryFolder()
    try folder.write("# people\nanna sesame\n", to: "tokens")
    let server = try Served.start(
      ["--api-key-file", folder.path("tokens")], environment: ["DARKROOM_API_KEY": "simsim"])
    try await server.wait(for: "/readyz")
    #expect(try server.curl("/models").status == 401)
    for token in ["sesame", "simsim"] {
      #expect(try server.curl("/models", extra: Served.bearer(token)).status == 200)
    }
    // The child must not see what opens the server.
    let child = try String(contentsOfFile: "/proc/\(server.enginePID())/environ", encoding: .utf8)
    #expect(child.contains("PATH=") && !child.contains("DARKROOM_API_KEY") && !child.contains("simsim"))
    try await server.waitForLog("client=environment")
    try await server.waitForLog("client=anna")
    #expect(!server.logText.contains("sesame") && !server.logText.contains("simsim"))
  }

  @Test func aHangUpRereadsThem() async throws {
    let folder = try TemporaryFolder()
    try folder.write("anna sesame", to: "tokens")
    let server = try Served.start(["--api-key-file", folder.path("tokens")])
    func status(_ token: String) throws -> Int {
      try server.curl("/models", extra: Served.bearer(token)).status
    }
    #expect(try (status("sesame"), status("simsim")) == (200, 401))
    try folder.write("anna simsim", to: "tokens")
    server.signal(SIGHUP)
    try await server.waitForLog("the tokens were read")
    #expect(try (status("sesame"), status("simsim")) == (401, 200))
    try folder.write("anna one two three", to: "tokens")
    server.signal(SIGHUP)
    try await server.waitForLog("the old tokens stay")
    #expect(server.logText.contains("--api-key-file: line 1: should be TOKEN or NAME TOKEN"))
    try FileManager.default.removeItem(atPath: folder.path("tokens"))
    server.signal(SIGHUP)
    try await server.waitForLog("--api-key-file: cannot be read")
    #expect(try (status("sesame"), status("simsim")) == (401, 200))
    server.signal(SIGTERM)
    server.process.waitUntilExit()
    #expect(server.process.terminationStatus == 0)
  }

  @Test func aHangUpRereadsTheModels() async throws {
    let server = try Served.start()
    try await server.wait(for: "/readyz")
    server.signal(SIGHUP)
    try await server.waitForLog("the models folder was read")
    #expect(try server.curl("/models").status == 200)
  }

  /// A server that is told to stop does not read its folder to the end first.
  @Test func aLongReloadHoldsUpNoStop() async throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(models: folder.path, arguments: Served.engine)
    try folder.write(String(repeating: "# a line of words\n", count: 3000), to: "long")
    for number in 0..<1000 {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path("\(number).toml"), withDestinationPath: folder.path("long"))
    }
    server.signal(SIGHUP)
    // Signals of different numbers come in any order.
    try await Task.sleep(for: .milliseconds(100))
    server.signal(SIGTERM)
    try await server.waitForLog("notice stopping")
    let log = server.logText
    #expect(!log.contains("the models folder was read"))
    server.process.waitUntilExit()
    #expect(server.process.terminationStatus == 0)
  }

  @Test func aPublicAddressWantsAToken() throws {
    let bare = try Served.refusal(["--host", "0.0.0.0"])
    #expect(bare.status == 64)
    #expect(bare.errors.contains("--api-key-file") && bare.errors.contains("--insecure"))
    let folder = try TemporaryFolder()
    try folder.write("sesame", to: "tokens")
    for (arguments, environment) in [
      (["--api-key-file", folder.path("tokens")], [:]), ([], ["DARKROOM_API_KEY": "simsim"]),
      ([], ["DARKROOM_API_KEY_FILE": folder.path("tokens")]), (["--insecure"], [:]),
    ] as [([String], [String: String])] {
      // It goes on to the next mistake.
      let next = try Served.refusal(
        ["--host", "0.0.0.0", "--model", "nope"] + arguments, environment: environment)
      #expect((next.status, next.errors.contains("Unknown model: nope")) == (64, true), "\(next.errors)")
    }
  }

  @Test func badTokensAreRefusedWithoutRepeatingThem() throws {
    let folder = try TemporaryFolder()
    try folder.write("anna sesame\nanna simsim", to: "tokens")
    try folder.write("", to: "empty")
    for (arguments, environment, words) in [
      (
        ["--api-key-file", folder.path("tokens")], [:],
        "--api-key-file: line 2: a name or a token comes twice"
      ),
      (["--api-key-file", folder.path("empty")], [:], "--api-key-file: there is no token"),
      (
        ["--api-key-file", folder.path("empty")], ["DARKROOM_API_KEY": "simsim"],
        "--api-key-file: there is no token"
      ),
      (["--api-key-file", folder.path("absent")], [:], "--api-key-file: cannot be read"),
      (["--api-key-file", folder.path], [:], "--api-key-file: is not a regular file"),
      ([], ["DARKROOM_API_KEY": "simsim two"], "DARKROOM_API_KEY should be one token"),
      ([], ["DARKROOM_API_KEY": "simsim\ntwo"], "DARKROOM_API_KEY should be one token"),
      ([], ["DARKROOM_API_KEY": "símsim"], "DARKROOM_API_KEY should be one token"),
    ] as [([String], [String: String], String)] {
      let refused = try Served.refusal(arguments, environment: environment)
      #expect(refused.status == 64)
      #expect(refused.errors.contains(words), "\(refused.errors)")
      #expect(!refused.errors.contains("simsim"))
    }
  }
}
