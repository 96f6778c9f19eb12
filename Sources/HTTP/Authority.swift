import Glibc

/// The `host[:port]` of a Host field, an origin or an absolute target, without user information (RFC 9110
/// §4.2, RFC 3986 §3.2).
public struct Authority: Equatable, Sendable {
  /// Lower case; an IPv6 address keeps its brackets.
  public let host: String
  /// At most 65535; `nil` when there is none or it is empty, which means the scheme's own.
  public let port: Int?
  /// Whether the host is an IPv4 or IPv6 address, which no name server can point elsewhere.
  public let isAddress: Bool

  /// - Parameter bytes: a name of at most 255 letters, digits and `-._`, an IPv4 or a bracketed IPv6 address
  ///   (no zone), then perhaps a colon and a port; anything else is `nil`.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count <= 300 else { return nil }
    let bytes = Array(bytes)
    let hostEnd: Int
    if bytes.first == UInt8(ascii: "[") {
      guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      hostEnd = close + 1
      guard Self.isAddress(bytes[1..<close], family: AF_INET6) else { return nil }
      isAddress = true
    } else {
      hostEnd = bytes.firstIndex(of: ASCII.colon) ?? bytes.count
      let name = bytes[..<hostEnd]
      guard !name.isEmpty, name.count <= 255, name.allSatisfy(Self.isName) else { return nil }
      isAddress = Self.isAddress(name, family: AF_INET)
    }
    var port = bytes[hostEnd...]
    if let colon = port.popFirst() {
      guard colon == ASCII.colon, port.count <= 5, port.allSatisfy(ASCII.isDigit) else { return nil }
    }
    let number = port.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    guard number <= 65535 else { return nil }
    self.port = port.isEmpty ? nil : number
    host = String(decoding: bytes[..<hostEnd], as: UTF8.self).lowercased()
  }

  /// Whether a page of `origin` (`http://host[:port]` or `https://host[:port]`, RFC 6454 §6.2) was served under
  /// this authority; a missing port is the scheme's own.
  public func serves(origin: String) -> Bool {
    for (scheme, standard) in [("http://", 80), ("https://", 443)] where origin.hasPrefix(scheme) {
      guard let page = Authority(origin.utf8.dropFirst(scheme.utf8.count)) else { return false }
      return page.host == host && page.port ?? standard == port ?? standard
    }
    return false
  }

  private static func isName(_ byte: UInt8) -> Bool {
    ASCII.isDigit(byte) || ASCII.isLetter(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "_")
  }

  private static func isAddress(_ bytes: ArraySlice<UInt8>, family: Int32) -> Bool {
    // A NUL would hide the rest of the text from inet_pton.
    guard !bytes.contains(0) else { return false }
    // Of either family: an IPv4 address is the smaller.
    var address = in6_addr()
    return inet_pton(family, String(decoding: bytes, as: UTF8.self), &address) == 1
  }
}
