import Glibc

/// Bytes on their way to a client, sent as far as the socket takes them.
struct OutputQueue {
  private var chunks: [[UInt8]] = []
  /// How much of the first chunk is sent.
  private var sent = 0
  /// Bytes still to be sent.
  private(set) var count = 0
  /// Bytes taken so far, sent or not.
  private(set) var total = 0

  /// Below this, bytes are copied behind others, to save system calls; a larger body is kept as it came.
  private static let joined = 16 * 1024

  var isEmpty: Bool { count == 0 }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    count += bytes.count
    total += bytes.count
    if let last = chunks.indices.last, bytes.count <= Self.joined, chunks[last].count <= Self.joined {
      chunks[last].append(contentsOf: bytes)
    } else {
      chunks.append(bytes)
    }
  }

  /// Sends until nothing is left or the socket takes no more.
  /// - Returns: how many bytes went out, or `nil` when the connection is broken.
  mutating func flush(to socket: borrowing Socket) -> Int? {
    var total = 0
    while let first = chunks.first {
      let offset = sent
      let flags = chunks.count > 1 ? Int32(MSG_MORE) : 0
      let result = first.withUnsafeBytes { bytes in
        socket.send(UnsafeRawBufferPointer(rebasing: bytes[offset...]), flags: flags)
      }
      switch result {
      case .wouldBlock: return total
      case .failed: return nil
      case .bytes(let written):
        total += written
        count -= written
        sent += written
        if sent == first.count {
          chunks.removeFirst()
          sent = 0
        }
      }
    }
    return total
  }
}
