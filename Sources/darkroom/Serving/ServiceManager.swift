import Foundation
import Glibc

/// What systemd lends a service and is told by it: a listening socket (sd_listen_fds(3)) and a place to report to
/// (sd_notify(3)). Without systemd there is neither.
struct ServiceManager: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// What should be a listening TCP socket, which the receiver owns; `nil` without socket activation.
  let socket: Int32?
  private let notifySocket: String?

  /// The first descriptor that is passed.
  private static let firstDescriptor: Int32 = 3

  /// Takes the variables out of the environment, so that no child acts on them.
  /// - Throws: `Failure` when more than one was passed.
  init() throws(Failure) {
    let environment = ProcessInfo.processInfo.environment
    let passed = Self.passed(environment)
    notifySocket = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"] { unsetenv(name) }
    guard passed > 0 else {
      socket = nil
      return
    }
    guard passed == 1 else {
      throw Failure(description: "\(passed) sockets were passed by systemd; one is served")
    }
    _ = fcntl(Self.firstDescriptor, F_SETFD, FD_CLOEXEC)
    socket = Self.firstDescriptor
  }

  /// How many descriptors were passed to this process.
  private static func passed(_ environment: [String: String]) -> Int {
    guard environment["LISTEN_PID"] == String(getpid()) else { return 0 }
    return environment["LISTEN_FDS"].flatMap { Int($0) } ?? 0
  }

  /// The address that the socket listens on, as text; `nil` also for what is no such socket.
  var address: String? {
    guard let socket else { return nil }
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(socket, $0, &length) == 0
          ? getnameinfo($0, length, &host, socklen_t(NI_MAXHOST), nil, 0, NI_NUMERICHOST) : EAI_SYSTEM
      }
    }
    guard result == 0 else { return nil }
    return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  enum News {
    case ready
    case reloading
    case stopping
  }

  /// Tells systemd. That nobody listens there is no error of ours.
  func tell(_ news: News) {
    switch news {
    case .ready: send("READY=1\nSTATUS=Serving")
    case .reloading:
      send("RELOADING=1\nMONOTONIC_USEC=\(Self.microseconds)\nSTATUS=Reading tokens and models")
    case .stopping: send("STOPPING=1\nSTATUS=Finishing what runs")
    }
  }

  private static var microseconds: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
  }

  private func send(_ text: String) {
    guard let notifySocket else { return }
    var address = sockaddr_un()
    var name = Array(notifySocket.utf8)
    guard name.count < MemoryLayout.size(ofValue: address.sun_path), let first = name.first,
      first == UInt8(ascii: "/") || first == UInt8(ascii: "@")
    else { return }
    // An abstract name begins with NUL and has no end but its length.
    if first == UInt8(ascii: "@") { name[0] = 0 }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = sendto(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}
