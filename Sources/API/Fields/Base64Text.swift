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
    // Room for no more than the limit, whatever the text's length.
    let room = min(text.count / 4 * 3 + 3, limit + 3)
    var failure: Failure?
    let bytes = [UInt8](unsafeUninitializedCapacity: room) { out, count in
      let result = decode(text, limit: limit, into: out)
      switch result {
      case .success(let written): count = written
      case .failure(let error): failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  private static func decode(
    _ text: some Collection<UInt8>, limit: Int, into out: UnsafeMutableBufferPointer<UInt8>
  ) -> Result<Int, Failure> {
    var (bits, digits, padding, written): (UInt32, Int, Int, Int) = (0, 0, 0, 0)
    for byte in text {
      let value = values[Int(byte)]
      if value == lineEnd { continue }
      if value == pad {
        // Two or three digits, then padding to four.
        guard digits + padding < 4, digits >= 2 else { return .failure(.malformed) }
        padding += 1
        continue
      }
      guard value < 64, padding == 0 else { return .failure(.malformed) }
      bits = bits << 6 | UInt32(value)
      digits += 1
      guard digits == 4 else { continue }
      guard written + 3 <= limit else { return .failure(.tooLong) }
      (out[written], out[written + 1], out[written + 2]) = (
        UInt8(bits >> 16), UInt8(bits >> 8 & 0xFF), UInt8(bits & 0xFF)
      )
      written += 3
      (bits, digits) = (0, 0)
    }
    guard digits == 0 ? padding == 0 : digits + padding == 4 else { return .failure(.malformed) }
    // The bits beyond the last whole byte are zero (§3.5), so that a picture has one spelling.
    let tail = digits == 0 ? 0 : digits - 1
    bits <<= UInt32(6 * (4 - digits) % 24)
    guard digits == 0 || bits & (digits == 2 ? 0xFFFF : 0xFF) == 0 else { return .failure(.malformed) }
    guard written + tail <= limit else { return .failure(.tooLong) }
    for index in 0..<tail { out[written + index] = UInt8(bits >> UInt32(16 - 8 * index) & 0xFF) }
    return .success(written + tail)
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
