/// The `host[:port]` of a Host field or an absolute target (RFC 9110 §4.2, RFC 3986 §3.2).
enum Authority {
  /// Whether `bytes` name a host as a DNS name, an IPv4 or a bracketed IPv6 address, with a port of at most
  /// 65535 when there is one. User information is refused.
  static func isValid(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
    guard bytes.count <= 300 else { return false }
    let host: Int
    if bytes.first == UInt8(ascii: "[") {
      guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
      let inner = bytes[..<close].dropFirst()
      guard inner.count(where: { $0 == ASCII.colon }) >= 2,
        inner.allSatisfy({ ASCII.hex($0) != nil || $0 == ASCII.colon || $0 == UInt8(ascii: ".") })
      else { return false }
      host = inner.count + 2
    } else {
      let name = bytes.prefix { $0 != ASCII.colon }
      guard !name.isEmpty, name.count <= 255, name.allSatisfy(isName) else { return false }
      host = name.count
    }
    let rest = bytes.dropFirst(host)
    return rest.isEmpty || (rest.first == ASCII.colon && isPort(rest.dropFirst()))
  }

  private static func isName(_ byte: UInt8) -> Bool {
    ASCII.isDigit(byte) || ASCII.isLetter(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "~")
  }

  /// The grammar allows an empty port, which means the scheme's own.
  private static func isPort(_ digits: some Collection<UInt8>) -> Bool {
    guard digits.count <= 5, digits.allSatisfy(ASCII.isDigit) else { return false }
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 65535
  }
}
