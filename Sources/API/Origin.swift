import HTTP

/// Where a web page comes from, as browsers name it in `Origin` (RFC 6454 §6.2): `https://box.example:8443`.
///
/// Schemes other than http and https are those of applications and extensions, such as `tauri://localhost`.
public struct Origin: Sendable, Hashable {
  private let scheme: String
  private let host: String
  /// `nil` is the scheme's own.
  private let port: Int?

  /// - Parameter text: scheme, `://`, host and perhaps a port, nothing behind them; `null` is no origin.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8),
      let authority = Authority(bytes[(colon + 3)...])
    else { return nil }
    let scheme = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
    guard scheme.first?.isLetter == true, scheme.utf8.allSatisfy(Self.isScheme) else { return nil }
    let standard = ["http": 80, "https": 443][scheme]
    (self.scheme, host) = (scheme, authority.host)
    port = authority.port == standard ? nil : authority.port
  }

  /// RFC 3986 §3.1, in lower case.
  private static func isScheme(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"),
      UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
