/// One header or trailer line (RFC 9112 §5).
enum FieldLine {
  /// Splits a line without its line end. Control characters are refused before this is called.
  /// - Throws: 400 for a folded line, a missing colon, or a name that is not a token.
  static func parse(_ line: ArraySlice<UInt8>) throws(HTTPError) -> HTTPHeaders.Field {
    if line.first == ASCII.space || line.first == ASCII.tab {
      throw .badHeader("Folded header lines are not accepted.")
    }
    guard let colon = line.firstIndex(of: ASCII.colon) else {
      throw .badHeader("A header line has no colon.")
    }
    let name = line[..<colon]
    // A blank before the colon is not a token character, so it is refused here too.
    guard !name.isEmpty, name.allSatisfy(ASCII.isToken) else {
      throw .badHeader("A header name holds a character that is not allowed.")
    }
    return HTTPHeaders.Field(
      name: String(decoding: name, as: UTF8.self), value: ASCII.latin1(trimmed(line[(colon + 1)...])))
  }
}
