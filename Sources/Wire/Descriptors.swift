import Glibc

/// The system's words for an `errno`.
func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }

/// Owns one file descriptor and closes it when the last reference goes, so its number cannot be reused
/// while anyone may still use it.
final class Descriptor: Sendable {
  let number: Int32

  init(owning number: Int32) { self.number = number }

  deinit { _ = close(number) }

  /// Both ends of a new Unix stream socket, closed on exec.
  /// - Throws: `WireError.system`, for example when no descriptors are left.
  static func socketPair() throws(WireError) -> (Descriptor, Descriptor) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw .system(call: "socketpair", code: errno)
    }
    return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
  }

  /// Both ends of a new pipe, closed on exec. Reading never waits.
  /// - Parameter lowest: the writer's number is at least this one.
  /// - Throws: `WireError.system`.
  static func pipe(writerFrom lowest: Int32) throws(WireError) -> (reader: Descriptor, writer: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { throw .system(call: "pipe", code: errno) }
    let (reader, low) = (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    // Not at once, for Swift's Glibc module has no pipe2; but no other thread of this program starts processes.
    guard fcntl(reader.number, F_SETFD, FD_CLOEXEC) == 0, fcntl(reader.number, F_SETFL, O_NONBLOCK) == 0
    else { throw .system(call: "fcntl", code: errno) }
    let writer = fcntl(low.number, F_DUPFD_CLOEXEC, lowest)
    guard writer >= 0 else { throw .system(call: "fcntl", code: errno) }
    return (reader, Descriptor(owning: writer))
  }
}

/// Wakes the one thread that polls `descriptor`, from any other.
///
/// A socket pair rather than an eventfd, which Swift's Glibc module does not have.
final class WakeUp: Sendable {
  private let sender: Descriptor
  private let receiver: Descriptor

  init() throws(WireError) {
    (sender, receiver) = try Descriptor.socketPair()
  }

  /// Becomes readable after `signal`.
  var descriptor: Int32 { receiver.number }

  /// Makes `descriptor` readable. Never blocks: with the buffer full, the thread is being woken already.
  func signal() {
    var byte: UInt8 = 0
    _ = send(sender.number, &byte, 1, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
  }

  /// Forgets the signals so far.
  func drain() {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { space in
      while recv(receiver.number, space.baseAddress, space.count, Int32(MSG_DONTWAIT)) > 0 {}
    }
  }
}
