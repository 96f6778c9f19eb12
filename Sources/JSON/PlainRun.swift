/// Finds how far the text of a string goes on unescaped; eight bytes at a time, because a picture in
/// base64 is one string of megabytes.
enum PlainRun {
  /// - Parameter start: at most `bytes.count`.
  /// - Returns: the place of the first quote, backslash or control character (below 0x20) at or after
  ///   `start`, or `bytes.count`.
  static func end(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let raw = UnsafeRawBufferPointer(bytes)
    var index = start
    while index <= bytes.count - 8 {
      if hasSpecialByte(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) { break }
      index += 8
    }
    while index < bytes.count, !isSpecial(bytes[index]) { index += 1 }
    return index
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == ASCII.quote || byte == ASCII.backslash
  }

  private static let ones: UInt64 = 0x0101_0101_0101_0101

  /// For each byte b below 0x80, `b - n` borrows into its high bit when b < n; bytes from 0x80 up are
  /// masked by `~word`. A quote or backslash is a byte that becomes 0 < 1 under exclusive or.
  private static func hasSpecialByte(_ word: UInt64) -> Bool {
    let quotes = word ^ (ones &* UInt64(ASCII.quote))
    let backslashes = word ^ (ones &* UInt64(ASCII.backslash))
    let found =
      ((word &- (ones &* 0x20)) & ~word) | ((quotes &- ones) & ~quotes)
      | ((backslashes &- ones) & ~backslashes)
    return found & (ones &* 0x80) != 0
  }
}
