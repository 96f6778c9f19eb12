/// A request target taken apart (RFC 9112 §3.2).
struct RequestTarget: Equatable {
  /// The path, percent-decoded; `*` for the asterisk form.
  var path: String
  var query: String?
  /// The authority of the absolute form, as sent.
  var authority: String?

  /// - Throws: 400 for a target that is not in origin, absolute or (for OPTIONS) asterisk form, or whose path
  ///   is not percent-encoded UTF-8 free of control characters; 501 for CONNECT.
  /// - Parameter text: the same as `bytes`.
  static func parse(
    _ bytes: ArraySlice<UInt8>, text: String, method: String
  ) throws(HTTPError) -> RequestTarget {
    if method == "CONNECT" {
      throw HTTPError(status: 501, detail: "CONNECT is not supported.", code: "method_not_supported")
    }
    guard bytes.allSatisfy(ASCII.isTarget) else {
      throw .badTarget("The request target holds a character that must be percent-encoded.")
    }
    if bytes.first == ASCII.slash {
      // Nothing to decode, nothing to cut off: nearly every request.
      if !bytes.contains(where: { $0 == ASCII.percent || $0 == UInt8(ascii: "?") }) {
        return RequestTarget(path: text)
      }
      return try pathAndQuery(bytes, authority: nil)
    }
    if bytes.count == 1, bytes.first == UInt8(ascii: "*"), method == "OPTIONS" {
      return RequestTarget(path: "*")
    }
    guard let rest = afterScheme(bytes) else {
      throw .badTarget("The request target is neither a path nor an http URL.")
    }
    let end = rest.firstIndex { $0 == ASCII.slash || $0 == UInt8(ascii: "?") } ?? rest.endIndex
    guard Authority(rest[..<end]) != nil else {
      throw .badTarget("The request target names no valid host.")
    }
    return try pathAndQuery(rest[end...], authority: String(decoding: rest[..<end], as: UTF8.self))
  }

  private static func afterScheme(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    for scheme in ["http://", "https://"] where ASCII.equal(bytes.prefix(scheme.utf8.count), scheme.utf8) {
      return bytes.dropFirst(scheme.utf8.count)
    }
    return nil
  }

  private static func pathAndQuery(
    _ bytes: ArraySlice<UInt8>, authority: String?
  ) throws(HTTPError) -> RequestTarget {
    let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
    // Only the absolute form may have an empty path, which means the root.
    let path = bytes[..<end].isEmpty ? "/" : try percentDecoded(bytes[..<end])
    let query = end < bytes.endIndex ? String(decoding: bytes[(end + 1)...], as: UTF8.self) : nil
    return RequestTarget(path: path, query: query, authority: authority)
  }

  /// Undoes percent-encoding (RFC 3986 §2.1), once.
  /// - Throws: 400 when a `%` is not followed by two hexadecimal digits, or the result is not UTF-8 or holds a
  ///   control character.
  static func percentDecoded(_ bytes: ArraySlice<UInt8>) throws(HTTPError) -> String {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      var byte = bytes[index]
      index += 1
      if byte == ASCII.percent {
        guard bytes.endIndex - index >= 2, let high = ASCII.hex(bytes[index]),
          let low = ASCII.hex(bytes[index + 1])
        else { throw .badTarget("The path holds a broken percent-encoding.") }
        byte = high << 4 | low
        index += 2
      }
      if ASCII.isControl(byte) { throw .badTarget("The path holds a control character.") }
      decoded.append(byte)
    }
    guard let path = String(validating: decoded, as: UTF8.self) else {
      throw .badTarget("The path is not UTF-8.")
    }
    return path
  }
}
