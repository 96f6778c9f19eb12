/// The name a request is known by in logs and replies.
public enum RequestID {
  /// The client's own `X-Request-Id` when it sent exactly one that matches `^[A-Za-z0-9._-]{1,64}$`, else
  /// sixteen random hexadecimal digits.
  public static func of(_ headers: HTTPHeaders) -> String {
    let sent = headers.all("x-request-id")
    if sent.count == 1, let id = sent.first, isAcceptable(id) { return id }
    return random()
  }

  /// Sixteen random hexadecimal digits.
  public static func random() -> String {
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  private static func isAcceptable(_ id: String) -> Bool {
    (1...64).contains(id.utf8.count)
      && id.utf8.allSatisfy {
        ASCII.isDigit($0) || ASCII.isLetter($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
          || $0 == UInt8(ascii: "-")
      }
  }
}
