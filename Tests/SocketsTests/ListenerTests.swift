import Glibc
import Testing

@testable import Sockets

@Suite struct ListenerTests {
  @Test("A connection inherits what finds peers that vanish: probes, and a limit on what is not acknowledged")
  func connectionsInheritTheirLimits() throws {
    let listener = try Listener(host: "127.0.0.1", port: 0)
    let client = try Client(port: listener.port)
    guard case .connection(let descriptor, _) = listener.accept() else {
      Issue.record("no connection to accept")
      return
    }
    defer { _ = close(descriptor) }
    #expect(option(descriptor, SOL_SOCKET, SO_KEEPALIVE) == 1)
    #expect(option(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE) == 30)
    #expect(option(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT) == 90_000)
    client.close()
  }

  private func option(_ descriptor: Int32, _ level: Int32, _ name: Int32) -> Int32? {
    var value: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : nil
  }
}
