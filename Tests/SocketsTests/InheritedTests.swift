import Glibc
import Logging
import Sockets
import Testing

/// A listening socket that another process made, as systemd does.
@Suite struct InheritedTests {
  @Test(arguments: [AF_INET, AF_INET6])
  func aListeningSocketIsServed(family: Int32) async throws {
    guard let descriptor = listening(family: family) else {
      // A machine may be without IPv6.
      #expect(family == AF_INET6)
      return
    }
    try await withServer({
      $0.inherited = descriptor
      $0.host = "nowhere"
    }) { server, _ in
      #expect(server.host == (family == AF_INET ? "127.0.0.1" : "::1"))
      #expect(server.port > 0)
      // A child of this process must not hold it open.
      #expect(fcntl(descriptor, F_GETFD) == FD_CLOEXEC)
      #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
      guard family == AF_INET else { return }
      let port = server.port
      let reply = try await blocking {
        let client = try Client(port: port)
        client.send(get("/id"))
        return try client.mustReply()
      }
      #expect(reply.text.hasSuffix(" 127.0.0.1"))
    }
  }

  @Test func whatDoesNotListenIsRefused() throws {
    let logger = Logger(label: "test") { _ in RecordingLog(record: Record()) }
    let stream = Int32(SOCK_STREAM.rawValue)
    for (descriptor, code) in [
      (-1, EBADF), (open("/dev/null", O_RDONLY), ENOTSOCK), (socket(AF_INET, stream, 0), EINVAL),
      (socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0), EINVAL), (socket(AF_UNIX, stream, 0), EINVAL),
    ] {
      var configuration = ServerConfiguration()
      configuration.inherited = descriptor
      let error = #expect(throws: SocketError.self) {
        _ = try HTTPServer(configuration: configuration, handler: Routes(record: Record()), logger: logger)
      }
      #expect(error?.code == code, "\(descriptor)")
    }
  }

  /// Listens on the loopback address, blocking and open across exec.
  private func listening(family: Int32) -> Int32? {
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_addr = in6addr_loopback
    var short = sockaddr_in()
    short.sin_family = sa_family_t(AF_INET)
    short.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let bound =
      family == AF_INET
      ? withUnsafeBytes(of: &short) { bind(descriptor, $0) }
      : withUnsafeBytes(of: &address) { bind(descriptor, $0) }
    guard bound == 0, listen(descriptor, 16) == 0 else { return nil }
    return descriptor
  }

  private func bind(_ descriptor: Int32, _ address: UnsafeRawBufferPointer) -> Int32 {
    guard let base = address.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
    return Glibc.bind(descriptor, base, socklen_t(address.count))
  }
}
