/// How long a request's body is (RFC 9112 §6), decided strictly: whatever two readers could read in two ways
/// is refused.
enum BodyFraming: Equatable {
  /// `Content-Length`, or 0 when there is no body.
  case length(Int)
  case chunked

  /// - Throws: 400 for a repeated or malformed Content-Length, one beside Transfer-Encoding, Transfer-Encoding
  ///   on HTTP/1.0 or malformed; 501 for an unknown coding; 413 over `limits.body`.
  static func of(
    _ headers: HTTPHeaders, version: HTTPVersion, limits: HTTPLimits
  ) throws(HTTPError) -> BodyFraming {
    if let coding = headers["transfer-encoding"] {
      guard headers["content-length"] == nil else {
        throw .badFraming("Content-Length and Transfer-Encoding may not come together.")
      }
      guard version == .http11 else { throw .badFraming("HTTP/1.0 has no Transfer-Encoding.") }
      guard headers.count(of: "transfer-encoding") == 1 else {
        throw .badFraming("Transfer-Encoding is given more than once.")
      }
      if ASCII.equal(coding, "chunked") { return .chunked }
      throw refusal(ofCoding: coding)
    }
    guard let length = headers["content-length"] else { return .length(0) }
    guard headers.count(of: "content-length") == 1 else {
      throw .badFraming("Content-Length is given more than once.")
    }
    let value = try decimal(length, limit: limits.body)
    return .length(value)
  }

  private static func refusal(ofCoding value: String) -> HTTPError {
    let names = value.utf8.split(separator: ASCII.comma, omittingEmptySubsequences: false).map { trimmed($0) }
    guard names.allSatisfy({ !$0.isEmpty && $0.allSatisfy(ASCII.isToken) }) else {
      return .badFraming("Transfer-Encoding is malformed.")
    }
    let chunked = names.count { ASCII.equal($0, "chunked".utf8) }
    guard chunked <= 1 else { return .badFraming("Transfer-Encoding is malformed.") }
    return HTTPError(
      status: 501, detail: "Only the chunked transfer coding is supported.", code: "unknown_transfer_coding")
  }

  /// Digits only: a sign, a blank or a `0x`, which `Int.init` would partly take, are refused.
  private static func decimal(_ text: String, limit: Int) throws(HTTPError) -> Int {
    guard !text.utf8.isEmpty, text.utf8.allSatisfy(ASCII.isDigit) else {
      throw .badFraming("Content-Length is not a number.")
    }
    var value = 0
    for digit in text.utf8 {
      let (tens, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(digit - 0x30))
      guard !over, !carry else { throw .bodyTooLarge }
      value = sum
    }
    guard value <= limit else { throw .bodyTooLarge }
    return value
  }
}
