import Glibc

/// The host and port of a `Host` header or an origin (RFC 3986 section 3.2, without user information).
struct Authority: Equatable {
  /// Lower case; an IPv6 address keeps its brackets.
  let host: String
  let port: Int?
  /// Whether the host is an IPv4 or IPv6 literal, which no name server can point elsewhere.
  let isAddress: Bool

  init?(_ text: String) {
    let bytes = Array(text.utf8)
    let hostEnd: Int
    if bytes.first == UInt8(ascii: "[") {
      guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      hostEnd = close + 1
      guard Self.isLiteral(bytes[1..<close], family: AF_INET6) else { return nil }
      isAddress = true
    } else {
      hostEnd = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
      let name = bytes[..<hostEnd]
      guard !name.isEmpty, name.allSatisfy(Self.isNameByte) else { return nil }
      isAddress = Self.isLiteral(name, family: AF_INET)
    }
    switch Self.port(bytes[hostEnd...]) {
    case nil: return nil
    case .some(.none): port = nil
    case .number(let number): port = number
    }
    host = String(decoding: bytes[..<hostEnd], as: UTF8.self).lowercased()
  }

  /// Whether `origin` (`scheme://host[:port]`) is where a page served under this `Host` comes from.
  static func isOrigin(_ origin: String, of host: String?) -> Bool {
    guard let host = host.flatMap({ Authority($0) }) else { return false }
    for (scheme, standard) in [("http://", 80), ("https://", 443)] where origin.hasPrefix(scheme) {
      guard let page = Authority(String(origin.dropFirst(scheme.count))) else { return false }
      return page.host == host.host && page.port ?? standard == host.port ?? standard
    }
    return false
  }

  private enum Port {
    case none
    case number(Int)
  }

  /// - Returns: `nil` unless `bytes` is empty, a colon, or a colon and a number up to 65535.
  private static func port(_ bytes: ArraySlice<UInt8>) -> Port? {
    guard let colon = bytes.first else { return Port.none }
    let digits = bytes.dropFirst()
    guard colon == UInt8(ascii: ":"), digits.count <= 5 else { return nil }
    guard !digits.isEmpty else { return Port.none }
    var number = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      number = 10 * number + Int(digit - UInt8(ascii: "0"))
    }
    return number <= 65535 ? .number(number) : nil
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func isLiteral(_ bytes: ArraySlice<UInt8>, family: Int32) -> Bool {
    // A NUL would hide the rest of the text from inet_pton.
    guard !bytes.contains(0) else { return false }
    var address = in6_addr()
    return inet_pton(family, String(decoding: bytes, as: UTF8.self), &address) == 1
  }
}
