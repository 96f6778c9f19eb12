/// The bytes and character classes of RFC 9110 §5.6 and RFC 3986.
enum ASCII {
  static let tab: UInt8 = 0x09
  static let lf: UInt8 = 0x0A
  static let cr: UInt8 = 0x0D
  static let space: UInt8 = 0x20
  static let percent = UInt8(ascii: "%")
  static let comma = UInt8(ascii: ",")
  static let colon = UInt8(ascii: ":")
  static let slash = UInt8(ascii: "/")

  static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  static func isLetter(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return lower >= 0x61 && lower <= 0x7A
  }

  static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

  /// `tchar` of RFC 9110 §5.6.2.
  static func isToken(_ byte: UInt8) -> Bool {
    let mask = byte < 0x40 ? lowTokens : byte < 0x80 ? highTokens : 0
    return mask >> UInt64(byte & 0x3F) & 1 == 1
  }

  /// One bit for each of the bytes 0x00 to 0x3F: `!#$%&'*+-.` and digits.
  private static let lowTokens: UInt64 = 0x03FF_6CFA_0000_0000
  /// One bit for each of the bytes 0x40 to 0x7F: letters and ``^_`|~``.
  private static let highTokens: UInt64 = 0x57FF_FFFF_C7FF_FFFE

  /// What may stand in a request target: visible ASCII less what no URL writer leaves unencoded.
  static func isTarget(_ byte: UInt8) -> Bool {
    guard byte > 0x20 && byte < 0x7F else { return false }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"):
      return false
    default: return true
    }
  }

  static func lowercase(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
  }

  /// The value of a hexadecimal digit, or `nil`.
  static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  /// Whether two strings are the same but for the case of A–Z.
  static func equal(_ a: String, _ b: String) -> Bool {
    equal(a.utf8, b.utf8)
  }

  static func equal(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { lowercase($0) == lowercase($1) }
  }

  /// A string of bytes as ISO 8859-1, which loses nothing; plain ASCII takes the short way.
  static func latin1(_ bytes: ArraySlice<UInt8>) -> String {
    if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
    var scalars = String.UnicodeScalarView()
    for byte in bytes { scalars.append(Unicode.Scalar(byte)) }
    return String(scalars)
  }
}
