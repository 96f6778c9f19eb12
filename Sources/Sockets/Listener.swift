import CEpoll
import Glibc
import Synchronization

/// A bound and listening TCP socket.
final class Listener: Sendable {
  enum Accepted {
    /// The descriptor, non-blocking and close-on-exec, which the receiver owns; and the peer's address.
    case connection(Int32, remote: String)
    case none
    /// Out of descriptors or memory: trying again at once would fail again.
    case exhausted(Int32)
  }

  /// The local address, as a literal without brackets.
  let host: String
  let port: Int
  /// -1 once closed.
  private let descriptor: Mutex<Int32>

  /// - Throws: `SocketError` when the host is not an address literal or `localhost`, the port is not 0 to 65535,
  ///   or binding fails.
  convenience init(host: String, port: Int) throws(SocketError) {
    guard let service = UInt16(exactly: port) else {
      throw SocketError("port \(port) is not 0 to 65535", code: EINVAL)
    }
    try self.init(owning: try Self.bound(host: host, port: service))
  }

  /// Takes over a socket that listens already; it is closed when this fails, too.
  /// - Throws: `SocketError` when the descriptor is not a TCP socket over IPv4 or IPv6 that listens.
  convenience init(inherited descriptor: Int32) throws(SocketError) {
    do throws(SocketError) {
      try Self.checkListens(descriptor)
      try Self.setFlags(descriptor)
      try Self.setOptions(descriptor)
    } catch {
      _ = Glibc.close(descriptor)
      throw error
    }
    try self.init(owning: descriptor)
  }

  private init(owning descriptor: Int32) throws(SocketError) {
    do throws(SocketError) {
      (host, port) = try Self.localAddress(descriptor)
    } catch {
      _ = Glibc.close(descriptor)
      throw error
    }
    self.descriptor = Mutex(descriptor)
  }

  deinit { close() }

  /// The descriptor while it is open.
  var openDescriptor: Int32? {
    descriptor.withLock { $0 >= 0 ? $0 : nil }
  }

  /// Stops listening. Connections in the backlog are reset by the kernel.
  func close() {
    descriptor.withLock {
      if $0 >= 0 { _ = Glibc.close($0) }
      $0 = -1
    }
  }

  /// Takes one connection without waiting.
  func accept() -> Accepted {
    guard let descriptor = openDescriptor else { return .none }
    while true {
      var address = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let flags = Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
      let (accepted, code) = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          (accept4(descriptor, $0, &length, flags), errno)
        }
      }
      if accepted >= 0 { return .connection(accepted, remote: Self.text(of: address, length)) }
      switch code {
      case EAGAIN, EWOULDBLOCK: return .none
      // The peer gave up before it was taken, or the network did (accept(2)).
      case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH: continue
      default: return .exhausted(code)
      }
    }
  }

  private static func bound(host: String, port: UInt16) throws(SocketError) -> Int32 {
    var literal = host == "localhost" ? "127.0.0.1" : host
    if literal.hasPrefix("["), literal.hasSuffix("]") { literal = String(literal.dropFirst().dropLast()) }
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(literal, "\(port)", &hints, &found) == 0, let address = found?.pointee else {
      throw SocketError("host \(host) is neither an address nor localhost", code: EINVAL)
    }
    defer { freeaddrinfo(found) }
    let flags = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(address.ai_family, flags, 0)
    guard descriptor >= 0 else { throw SocketError("socket", code: errno) }
    do throws(SocketError) {
      try setOptions(descriptor)
      guard bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 else {
        throw SocketError("bind \(host) port \(port)", code: errno)
      }
      guard listen(descriptor, 1024) == 0 else { throw SocketError("listen", code: errno) }
    } catch {
      _ = Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  /// On Linux a connection inherits all of these from its listener. The keep-alive probes find peers that are
  /// gone without having said so, which matters while a long reply is being made. Nothing is probed while sent bytes
  /// are not acknowledged: then TCP_USER_TIMEOUT ends the connection after as long as the probes would take, 90 s.
  private static func setOptions(_ descriptor: Int32) throws(SocketError) {
    let options: [(level: Int32, name: Int32, value: Int32)] = [
      (SOL_SOCKET, SO_REUSEADDR, 1), (SOL_SOCKET, SO_KEEPALIVE, 1),
      (Int32(IPPROTO_TCP), Int32(TCP_NODELAY), 1), (Int32(IPPROTO_TCP), Int32(TCP_KEEPIDLE), 30),
      (Int32(IPPROTO_TCP), Int32(TCP_KEEPINTVL), 15), (Int32(IPPROTO_TCP), Int32(TCP_KEEPCNT), 4),
      (Int32(IPPROTO_TCP), Int32(TCP_USER_TIMEOUT), 90_000),
    ]
    for option in options {
      var value = option.value
      let size = socklen_t(MemoryLayout<Int32>.size)
      guard setsockopt(descriptor, option.level, option.name, &value, size) == 0 else {
        throw SocketError("setsockopt \(option.name)", code: errno)
      }
    }
  }

  private static func checkListens(_ descriptor: Int32) throws(SocketError) {
    for (name, accepted) in [
      (SO_ACCEPTCONN, [1]), (SO_PROTOCOL, [Int32(IPPROTO_TCP)]), (SO_DOMAIN, [AF_INET, AF_INET6]),
    ] {
      var value: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      guard getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 else {
        throw SocketError("inherited descriptor \(descriptor)", code: errno)
      }
      guard accepted.contains(value) else {
        throw SocketError("inherited descriptor \(descriptor) is no TCP socket that listens", code: EINVAL)
      }
    }
  }

  /// Whoever passed the socket on may have left it blocking and open across exec.
  private static func setFlags(_ descriptor: Int32) throws(SocketError) {
    let flags = fcntl(descriptor, F_GETFL)
    guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0,
      fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
    else { throw SocketError("fcntl", code: errno) }
  }

  private static func localAddress(_ descriptor: Int32) throws(SocketError) -> (host: String, port: Int) {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let (result, code) = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { (getsockname(descriptor, $0, &length), errno) }
    }
    guard result == 0 else { throw SocketError("getsockname", code: code) }
    // The port lies at the same place in sockaddr_in and sockaddr_in6: after the family.
    let port = withUnsafeBytes(of: &address) {
      Int(UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)))
    }
    return (text(of: address, length), port)
  }

  private static func text(of address: sockaddr_storage, _ length: socklen_t) -> String {
    var address = address
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getnameinfo($0, length, &host, socklen_t(NI_MAXHOST), nil, 0, NI_NUMERICHOST)
      }
    }
    guard result == 0 else { return "unknown" }
    return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
