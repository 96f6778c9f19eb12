/// The chunked transfer coding (RFC 9112 §7.1) of a body whose length is not known beforehand.
public enum ChunkedEncoder {
  /// The end of the body, without trailers.
  public static let end = [UInt8]("0\r\n\r\n".utf8)

  /// One chunk.
  /// - Parameter piece: not empty, since an empty chunk is the end.
  public static func chunk(_ piece: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(piece.count + 12)
    bytes.append(contentsOf: String(piece.count, radix: 16).utf8)
    bytes.append(contentsOf: [ASCII.cr, ASCII.lf])
    bytes.append(contentsOf: piece)
    bytes.append(contentsOf: [ASCII.cr, ASCII.lf])
    return bytes
  }
}
