import Dispatch
import Torch

/// Host memory for weights, cut from few large pieces on huge pages.
///
/// A piece lives as long as a tensor in it.
final class WeightArena {
  private var piece: Tensor?
  /// Bytes of the piece that tensors have, and that are backed by memory.
  private var used = 0, backed = 0

  /// Bytes of a piece; what is not used of one is hardly touched.
  static let pieceBytes = 1 << 28
  /// Bytes that are backed at a time.
  private static let stride = 1 << 26
  /// Where tensors begin: a multiple of what the widest vector instruction loads.
  private static let alignment = 64

  /// Memory of `shape`, not set to anything.
  func tensor(_ shape: [Int], _ dtype: DType) throws -> Tensor {
    let bytes = shape.reduce(dtype.byteCount, *)
    let (piece, begin) = try room(bytes)
    used = begin + bytes
    while backed < used {
      let end = min(backed + Self.stride, piece.count)
      try Self.back(piece, backed..<end)
      backed = end
    }
    return try piece.narrow(0, from: begin, length: bytes).view(as: dtype).reshape(shape)
  }

  private func room(_ bytes: Int) throws(TorchError) -> (piece: Tensor, begin: Int) {
    let begin = (used + Self.alignment - 1) / Self.alignment * Self.alignment
    if let piece, begin + bytes <= piece.count { return (piece, begin) }
    let piece = try Tensor.empty([max(Self.pieceBytes, bytes)], .uint8)
    try piece.adviseHugePages()
    (self.piece, backed) = (piece, 0)
    return (piece, 0)
  }

  /// Touches every page, on every core: on a virtual machine whose host has to find the memory first, that is
  /// most of the time that loading takes, and each core is served by itself.
  private static func back(_ piece: Tensor, _ range: Range<Int>) throws {
    try piece.withBytes { bytes in
      // Safe to share: each index is written by one iteration only.
      nonisolated(unsafe) let bytes = bytes
      let page = 4096, parts = 8
      let part = (range.count + parts - 1) / parts
      DispatchQueue.concurrentPerform(iterations: parts) { index in
        let begin = range.lowerBound + index * part
        for offset in Swift.stride(from: begin, to: min(begin + part, range.upperBound), by: page) {
          bytes[offset] = 0
        }
      }
    }
  }
}
