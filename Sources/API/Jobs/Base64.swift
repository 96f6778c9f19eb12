/// Base64 with padding (RFC 4648 §4), written where it is wanted.
enum Base64 {
  private static let alphabet = [UInt8](
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")

  /// How many characters `count` bytes become.
  static func length(of count: Int) -> Int { (count + 2) / 3 * 4 }

  /// Writes at the start of `output`, which has room for `length(of: bytes.count)`.
  static func write(_ bytes: UnsafeBufferPointer<UInt8>, to output: UnsafeMutableBufferPointer<UInt8>) {
    alphabet.withUnsafeBufferPointer { alphabet in
      func sextet(_ bits: UInt32, _ shift: UInt32) -> UInt8 { alphabet[Int(bits >> shift & 63)] }
      var (from, to) = (0, 0)
      while from + 3 <= bytes.count {
        let bits = UInt32(bytes[from]) << 16 | UInt32(bytes[from + 1]) << 8 | UInt32(bytes[from + 2])
        output[to] = sextet(bits, 18)
        output[to + 1] = sextet(bits, 12)
        output[to + 2] = sextet(bits, 6)
        output[to + 3] = sextet(bits, 0)
        (from, to) = (from + 3, to + 4)
      }
      guard from < bytes.count else { return }
      let isPair = from + 2 == bytes.count
      let bits = UInt32(bytes[from]) << 16 | (isPair ? UInt32(bytes[from + 1]) << 8 : 0)
      output[to] = sextet(bits, 18)
      output[to + 1] = sextet(bits, 12)
      output[to + 2] = isPair ? sextet(bits, 6) : padding
      output[to + 3] = padding
    }
  }

  static func encoded(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let length = length(of: bytes.count)
    return String(unsafeUninitializedCapacity: length) { output in
      write(bytes, to: output)
      return length
    }
  }
}
