import CEpoll
import Glibc

/// Owns the descriptor of a non-blocking connection.
struct Socket: ~Copyable, Sendable {
  let descriptor: Int32

  enum Transfer: Equatable {
    /// Never 0 when sending; 0 when receiving is the end of the stream.
    case bytes(Int)
    case wouldBlock
    case failed(Int32)
  }

  deinit { _ = close(descriptor) }

  init(owning descriptor: Int32) {
    self.descriptor = descriptor
  }

  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    transfer { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
  }

  /// - Parameter flags: `MSG_MORE` when more follows at once.
  func send(_ bytes: UnsafeRawBufferPointer, flags: Int32) -> Transfer {
    // Without MSG_NOSIGNAL a client that is gone would end the process by SIGPIPE.
    transfer { Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | flags) }
  }

  /// Tells the peer that nothing more comes. A failure means that the peer is gone, which reading will tell.
  func endOutput() {
    _ = shutdown(descriptor, Int32(SHUT_WR))
  }

  private func transfer(_ call: () -> Int) -> Transfer {
    while true {
      let count = call()
      let code = errno
      if count >= 0 { return .bytes(count) }
      if code == EINTR { continue }
      return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(code)
    }
  }
}
