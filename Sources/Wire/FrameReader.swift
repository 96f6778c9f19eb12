/// Cuts a stream of bytes into frames. Does no I/O.
package struct FrameReader: Sendable {
  private var buffer: [UInt8] = []
  /// Where the first unread byte lies in `buffer`.
  private var start = 0
  private var failure: WireError?

  package init() {}

  /// Whether every byte so far belongs to a frame that has been handed out.
  package var isBetweenFrames: Bool { start == buffer.count }

  /// Takes the next bytes of the stream.
  package mutating func append(_ bytes: some Collection<UInt8>) {
    if isBetweenFrames {
      // A picture's worth of memory is kept for the next one; more than that is given back.
      buffer.removeAll(keepingCapacity: buffer.capacity <= 16 << 20)
      start = 0
    } else if start > 0 {
      buffer.removeSubrange(..<start)
      start = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// The next frame, or `nil` until more bytes are there.
  /// - Throws: `WireError.headerTooLong` or `.attachmentTooLong` as soon as the lengths are read. What
  ///   follows cannot be told apart any more, so every later call throws the same.
  package mutating func next() throws(WireError) -> Frame? {
    if let failure { throw failure }
    let available = buffer.count - start
    guard available >= Frame.prefixBytes else { return nil }
    let (header, attachment) = (length(at: start), length(at: start + 4))
    do throws(WireError) {
      try Frame.check(header: header, attachment: attachment)
    } catch {
      failure = error
      throw error
    }
    let total = Frame.prefixBytes + header + attachment
    guard available >= total else {
      buffer.reserveCapacity(start + total)
      return nil
    }
    let headerStart = start + Frame.prefixBytes
    let frame = try Frame(
      header: Array(buffer[headerStart..<headerStart + header]),
      attachment: Array(buffer[headerStart + header..<start + total]))
    start += total
    return frame
  }

  private func length(at offset: Int) -> Int {
    (0..<4).reduce(0) { $0 | Int(buffer[offset + $1]) << (8 * $1) }
  }
}
