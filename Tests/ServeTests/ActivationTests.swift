import Foundation
import TestSupport
import Testing

private let socketActivate = "/usr/bin/systemd-socket-activate"
private let analyze = "/usr/bin/systemd-analyze"

/// With systemd's own tool in the place of systemd, where it is there.
@Suite(.serialized) struct ActivationTests {
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: socketActivate)))
  func theSocketOfSystemdIsServed() async throws {
    let (folder, port) = (try TemporaryFolder(), try Self.freePort())
    let process = Process()
    // Foundation takes a child that closes its descriptors, as systemd's tool does, for one that has ended, and
    // would wait for it in the place of all others: the shell is its child. It ends when its input does, and kills:
    // signals that can be blocked are, by threads of the tests, and so in their children.
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      [
        "-c", #""$@" </dev/null & read -r _; kill -KILL $!"#, "sh", socketActivate,
      ]
      + ["--listen=127.0.0.1:\(port)", Served.darkroom, "serve", "--port", "1"] + Served.models
      + Served.engine
    let output = folder.path("out")
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = FileHandle.nullDevice
    let input = Pipe()
    process.standardInput = input
    try process.run()
    defer {
      try? input.fileHandleForWriting.close()
      process.waitUntilExit()
    }
    // Connecting is what starts it.
    let health = try run(
      "/usr/bin/curl",
      [
        "-sS", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", "--retry-max-time", "40",
        "--max-time",
        "30",
        "http://127.0.0.1:\(port)/health",
      ])
    #expect(health.output.hasPrefix(#"{"status""#), "\(health.errors)")
    let said = try String(contentsOfFile: output, encoding: .utf8)
    #expect(said == "listening on http://127.0.0.1:\(port)\n")
  }

  /// A port that was free a moment ago.
  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(result)
    return UInt16(bigEndian: address.sin_port)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: analyze)))
  func theUnitsAreSound() throws {
    let folder = try TemporaryFolder()
    let units = ["darkroom.service", "darkroom.socket"]
    for name in units {
      // The executable is where the build put it.
      let unit = try String(
        contentsOf: Repository.root.appendingPathComponent("scripts/systemd/\(name)"), encoding: .utf8)
      try folder.write(
        unit.replacingOccurrences(of: "/usr/local/bin/darkroom", with: Served.darkroom), to: name)
    }
    let verified = try run(analyze, ["verify"] + units.map { folder.path($0) })
    // It has an opinion on every unit of the machine.
    let ours = verified.errors.split(separator: "\n").filter { $0.contains("darkroom") }
    #expect(ours.isEmpty, "\(ours)")
  }
}
