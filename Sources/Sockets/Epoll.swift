import CEpoll
import Glibc

/// An epoll instance (epoll(7)), level-triggered.
final class Epoll: Sendable {
  /// What is waited for, or has come.
  struct Readiness: OptionSet {
    let rawValue: UInt32

    static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The peer ended its side of the stream.
    static let halfClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
    /// Both sides are ended, or the connection was reset. Reported without being waited for.
    static let gone = Readiness(rawValue: EPOLLHUP.rawValue | EPOLLERR.rawValue)
  }

  private let descriptor: Int32

  /// - Throws: `SocketError` when the kernel has no more.
  init() throws(SocketError) {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard descriptor >= 0 else { throw SocketError("epoll_create1", code: errno) }
  }

  deinit { _ = close(descriptor) }

  func add(_ target: Int32, _ interest: Readiness, token: UInt64) throws(SocketError) {
    try control(EPOLL_CTL_ADD, target, interest, token)
  }

  func change(_ target: Int32, _ interest: Readiness, token: UInt64) throws(SocketError) {
    try control(EPOLL_CTL_MOD, target, interest, token)
  }

  private func control(
    _ operation: Int32, _ target: Int32, _ interest: Readiness, _ token: UInt64
  ) throws(SocketError) {
    var event = epoll_event()
    event.events = interest.rawValue
    event.data.u64 = token
    guard epoll_ctl(descriptor, operation, target, &event) == 0 else {
      throw SocketError("epoll_ctl", code: errno)
    }
  }

  /// Waits and fills `events`; returns how many came.
  /// - Parameter timeout: milliseconds; -1 waits for ever.
  func wait(_ events: inout [epoll_event], timeout: Int32) -> Int {
    let count = epoll_wait(descriptor, &events, Int32(events.count), timeout)
    // The only failure left to a valid call is EINTR, which is an early wake-up.
    return max(0, Int(count))
  }
}
