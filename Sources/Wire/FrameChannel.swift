import Glibc
import Synchronization

/// One end of the socket pair, as frames. Any thread may send; one thread receives.
package final class FrameChannel: Sendable {
  private let descriptor: Descriptor
  /// Set by the first send that failed. A frame cut short leaves the stream unreadable, so none follows it.
  private let sendFailure = Mutex<WireError?>(nil)

  init(_ descriptor: Descriptor) { self.descriptor = descriptor }

  /// Takes over a connected stream socket; it is closed with the channel, and on exec.
  package init(owning number: Int32) {
    descriptor = Descriptor(owning: number)
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
  }

  /// Two channels that are each other's other end.
  /// - Throws: `WireError.system`.
  package static func pair() throws(WireError) -> (FrameChannel, FrameChannel) {
    let (one, other) = try Descriptor.socketPair()
    return (FrameChannel(one), FrameChannel(other))
  }

  var number: Int32 { descriptor.number }

  /// Makes `send` fail with `.stalled` when the other side reads nothing for this long.
  package func limitSending(to limit: Duration) {
    let (seconds, attoseconds) = limit.components
    var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    _ = setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Sends a whole frame, blocking while the socket's buffer is full. Frames never interleave.
  /// - Throws: `WireError.closed` when the other side is gone, `.stalled`, `.system`; and the same again
  ///   on every later call.
  package func send(_ frame: Frame) throws(WireError) {
    let head = frame.head
    try sendFailure.withLock { failure throws(WireError) in
      if let failure { throw failure }
      do throws(WireError) {
        try write(head)
        try write(frame.attachment)
      } catch {
        failure = error
        throw error
      }
    }
  }

  private func write(_ bytes: [UInt8]) throws(WireError) {
    let failure: WireError? = bytes.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = Glibc.send(
          number, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
        if count >= 0 {
          sent += count
          continue
        }
        switch errno {
        case EINTR: continue
        case EPIPE, ECONNRESET: return .closed
        case EAGAIN: return .stalled
        case let code: return .system(call: "send", code: code)
        }
      }
      return nil
    }
    if let failure { throw failure }
  }

  /// Waits for bytes and passes them to `reader`.
  /// - Returns: `false` at the end of the stream.
  /// - Throws: `WireError.system`.
  package func receive(into reader: inout FrameReader) throws(WireError) -> Bool {
    var code: Int32 = 0
    let count = withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { space in
      while true {
        let count = recv(number, space.baseAddress, space.count, 0)
        if count > 0 { reader.append(UnsafeRawBufferPointer(rebasing: space[..<count])) }
        if count >= 0 { return count }
        code = errno
        if code != EINTR { return count }
      }
    }
    if count >= 0 { return count > 0 }
    if code == ECONNRESET { return false }
    throw .system(call: "recv", code: code)
  }

  /// The next frame, or `nil` at the end of the stream.
  /// - Throws: `WireError`, `.closed` when the stream ends within a frame.
  package func nextFrame(_ reader: inout FrameReader) throws(WireError) -> Frame? {
    while true {
      if let frame = try reader.next() { return frame }
      guard try receive(into: &reader) else {
        guard reader.isBetweenFrames else { throw .closed }
        return nil
      }
    }
  }

  /// Ends the conversation in both directions: each side reads the end of the stream.
  package func shutDown() {
    _ = shutdown(number, Int32(SHUT_RDWR))
  }
}
