import Glibc

/// What a child process writes to its standard output and error, in lines.
///
/// It comes through a pipe that is always read: straight to a log whose reader has stalled, a write would hold up the
/// child in the middle of its work. Only the supervising thread uses it.
final class ChildOutput {
  private let pipe: Descriptor
  private let take: @Sendable ([UInt8]) -> Void
  private var line: [UInt8] = []
  private var hasEnded = false

  /// A longer line is taken in parts.
  static let longestLine = 8192
  /// What Linux lets a pipe hold, so that one read empties it (pipe(7)).
  private static let capacity = 64 * 1024

  /// - Parameters:
  ///   - pipe: the end to read, which never waits.
  ///   - take: takes a line without its end; must not wait.
  init(_ pipe: Descriptor, take: @escaping @Sendable ([UInt8]) -> Void) {
    (self.pipe, self.take) = (pipe, take)
  }

  /// What to poll; -1, which poll passes over, once all is read.
  var number: Int32 { hasEnded ? -1 : pipe.number }

  /// Reads what there is, without waiting.
  func read() {
    guard !hasEnded else { return }
    let count = withUnsafeTemporaryAllocation(byteCount: Self.capacity, alignment: 1) { space in
      let count = Glibc.read(pipe.number, space.baseAddress, space.count)
      let code = errno
      if count > 0 { append(space[..<count]) }
      return count < 0 && (code == EAGAIN || code == EINTR) ? 1 : count
    }
    hasEnded = count <= 0
  }

  /// Reads what is left by a process that has ended. What others of its session may still write is not waited for.
  func finish() {
    read()
    if !line.isEmpty { endLine() }
    hasEnded = true
  }

  private func append(_ bytes: Slice<UnsafeMutableRawBufferPointer>) {
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        endLine()
      } else {
        line.append(byte)
        if line.count == Self.longestLine { endLine() }
      }
    }
  }

  private func endLine() {
    take(line)
    line = []
  }
}
