/// Base64 as RFC 4648 §4 has it, read strictly: its own alphabet, padded, nothing else but line ends within.
enum Base64Text {
  enum Failure: Error, Equatable {
    case malformed
    /// More bytes than the limit.
    case tooLong
  }

  /// - Parameters:
  ///   - text: ASCII; CR and LF are passed over, as MIME wraps long lines.
  ///   - limit: of the bytes decoded.
  static func decode(_ text: some Collection<UInt8>, limit: Int) throws(Failure) -> [UInt8] {
    // Texts lie in one piece; what does not is copied.
    let result =
      text.withContiguousStorageIfAvailable { decode($0, limit: limit) }
      ?? Array(text).withUnsafeBufferPointer { decode($0, limit: limit) }
    return try result.get()
  }

  private static func decode(_ text: UnsafeBufferPointer<UInt8>, limit: Int) -> Result<[UInt8], Failure> {
    var failure: Failure?
    // Room for no more than the limit, whatever the text's length.
    let room = min(text.count / 4 * 3 + 3, limit + 3)
    let bytes = [UInt8](unsafeUninitializedCapacity: room) { out, count in
      do throws(Failure) {
        count = try decode(text, limit: limit, into: out)
      } catch {
        failure = error
      }
    }
    return failure.map(Result.failure) ?? .success(bytes)
  }

  /// - Returns: how many bytes were written.
  private static func decode(
    _ text: UnsafeBufferPointer<UInt8>, limit: Int, into out: UnsafeMutableBufferPointer<UInt8>
  ) throws(Failure) -> Int {
    let values = values
    var (bits, digits, padding, written): (UInt32, Int, Int, Int) = (0, 0, 0, 0)
    for byte in text {
      let value = values[Int(byte)]
      if value == lineEnd { continue }
      if value == pad {
        // Two or three digits, then padding to four.
        guard digits + padding < 4, digits >= 2 else { throw .malformed }
        padding += 1
        continue
      }
      guard value < 64, padding == 0 else { throw .malformed }
      bits = bits << 6 | UInt32(value)
      digits += 1
      guard digits == 4 else { continue }
      guard written + 3 <= limit else { throw .tooLong }
      out[written] = UInt8(bits >> 16)
      out[written + 1] = UInt8(bits >> 8 & 0xFF)
      out[written + 2] = UInt8(bits & 0xFF)
      written += 3
      (bits, digits) = (0, 0)
    }
    guard digits > 0 else { return written }
    guard digits + padding == 4 else { throw .malformed }
    bits <<= UInt32(6 * padding)
    // The bits beyond the last whole byte are zero (§3.5), so that a picture has one spelling.
    guard bits & (padding == 2 ? 0xFFFF : 0xFF) == 0 else { throw .malformed }
    guard written + digits - 1 <= limit else { throw .tooLong }
    for index in 0..<digits - 1 { out[written + index] = UInt8(bits >> UInt32(16 - 8 * index) & 0xFF) }
    return written + digits - 1
  }

  private static let pad: UInt8 = 64
  private static let lineEnd: UInt8 = 65
  /// Of each byte: its six bits, or `pad`, `lineEnd`, or 255 when it has no place here.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (index, letter) in alphabet.utf8.enumerated() { values[Int(letter)] = UInt8(index) }
    values[Int(UInt8(ascii: "="))] = pad
    values[Int(UInt8(ascii: "\r"))] = lineEnd
    values[Int(UInt8(ascii: "\n"))] = lineEnd
    return values
  }()
}
