import Foundation
import JSON
import TestSupport
import Testing

/// What systemd and its like see.
@Suite(.serialized) struct ServiceTests {
  /// The receiving end of sd_notify(3).
  private final class Notifications {
    let descriptor: Int32

    init(_ name: [UInt8]) throws {
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
      let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
      let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
      }
      var patience = timeval(tv_sec: 20, tv_usec: 0)
      setsockopt(
        descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
      try #require(result == 0)
    }

    deinit { close(descriptor) }

    /// The assignments of the next message.
    func next() -> [String: String] {
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = max(0, recv(descriptor, &bytes, bytes.count, 0))
      let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
      let pairs = lines.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
      return Dictionary(pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 })
    }
  }

  private func follow(_ news: Notifications, _ place: String) async throws {
    let server = try Served.start(environment: ["NOTIFY_SOCKET": place])
    #expect(news.next()["READY"] == "1")
    #expect(try server.curl("/healthz").status == 200)
    try await server.wait(for: "/readyz")
    let child = try String(contentsOfFile: "/proc/\(server.enginePID())/environ", encoding: .utf8)
    #expect(!child.contains("NOTIFY_SOCKET"))
    server.signal(SIGHUP)
    let reloading = news.next()
    #expect(reloading["RELOADING"] == "1")
    #expect((reloading["MONOTONIC_USEC"].flatMap { Int($0) } ?? 0) > 0)
    #expect(news.next()["READY"] == "1")
    server.signal(SIGTERM)
    #expect(news.next()["STOPPING"] == "1")
    server.process.waitUntilExit()
    #expect(server.process.terminationStatus == 0)
  }

  @Test func systemdIsTold() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("notify")
    try await follow(Notifications(Array(path.utf8)), path)
    let name = "darkroom-\(UUID().uuidString)"
    try await follow(Notifications([0] + name.utf8), "@\(name)")
  }

  @Test(arguments: ["", "relative", "/nonexistent/x", "/" + String(repeating: "x", count: 200)])
  func nobodyNeedsToListen(place: String) throws {
    let server = try Served.start(environment: ["NOTIFY_SOCKET": place])
    #expect(try server.curl("/healthz").status == 200)
  }

  @Test func socketsForOthersAreNotTaken() throws {
    let server = try Served.start(environment: ["LISTEN_PID": "1", "LISTEN_FDS": "1"])
    #expect(try server.curl("/healthz").status == 200)
  }

  /// Told to stop while a picture is made: it is finished, and who asks on an open connection learns that no more
  /// begin.
  @Test func whatRunsIsFinished() async throws {
    let server = try Served.start()
    try await server.wait(for: "/readyz")
    let running = server.posting(
      #"{"prompt": "x", "width": 64, "height": 64, "steps": 100, "seed": 1}"#)
    let deadline = ContinuousClock.now + .seconds(20)
    while try server.curl("/health").json()["queue"]?["running"] != 1, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(5))
    }
    server.signal(SIGTERM)
    #expect(try await running.value.status == 200)
    server.process.waitUntilExit()
    #expect(server.process.terminationStatus == 0)
  }
}
