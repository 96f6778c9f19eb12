/// The name a request is known by in logs and replies.
public enum RequestID {
  /// The client's own `X-Request-Id` when it sent exactly one that matches `^[A-Za-z0-9._-]{1,64}$`, else one of
  /// `source`.
  public static func of(_ headers: HTTPHeaders, else source: inout RequestIDSource) -> String {
    guard let id = headers["x-request-id"], headers.count(of: "x-request-id") == 1, isAcceptable(id) else {
      return source.next()
    }
    return id
  }

  private static func isAcceptable(_ id: String) -> Bool {
    (1...64).contains(id.utf8.count)
      && id.utf8.allSatisfy {
        ASCII.isDigit($0) || ASCII.isLetter($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
          || $0 == UInt8(ascii: "-")
      }
  }
}

/// Makes names that do not repeat, without asking the kernel for random bytes each time: it numbers them from a
/// random start and mixes the bits of the number. They are names, not secrets.
public struct RequestIDSource: Sendable {
  private var number = UInt64.random(in: .min ... .max)
  private let key = UInt64.random(in: .min ... .max)

  public init() {}

  /// Sixteen hexadecimal digits.
  public mutating func next() -> String {
    // SplitMix64 (Steele, Lea and Flood, 2014): each step can be undone, so different numbers stay different.
    number &+= 0x9E37_79B9_7F4A_7C15
    var bits = number
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    bits = (bits ^ bits >> 31) ^ key
    return String(unsafeUninitializedCapacity: 16) { digits in
      for index in 0..<16 {
        let value = UInt8(truncatingIfNeeded: bits >> UInt64(60 - 4 * index)) & 0xF
        digits[index] = value < 10 ? 0x30 + value : 0x61 + value - 10
      }
      return 16
    }
  }
}
