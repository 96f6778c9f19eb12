extension Multipart {
  /// One part: header lines, an empty line, the data.
  static func part(
    _ bytes: ArraySlice<UInt8>, limits: MultipartLimits
  ) throws(MultipartError) -> MultipartPart {
    var headers = HTTPHeaders()
    var rest = bytes
    while true {
      guard let line = rest.prefix(limits.headerBytes).line() else {
        guard rest.count > limits.headerBytes else {
          throw .malformed("The header of a part has no end.")
        }
        throw .tooLarge("The header of a part is larger than \(limits.headerBytes) bytes.")
      }
      rest = rest[(line.endIndex + 2)...]
      if line.isEmpty { break }
      guard rest.startIndex - bytes.startIndex <= limits.headerBytes else {
        throw .tooLarge("The header of a part is larger than \(limits.headerBytes) bytes.")
      }
      let field = try field(line)
      headers.add(field.name, field.value)
    }
    return try part(headers, body: rest)
  }

  private static func field(_ line: ArraySlice<UInt8>) throws(MultipartError) -> HTTPHeaders.Field {
    guard line.allSatisfy({ !ASCII.isControl($0) || $0 == ASCII.tab }) else {
      throw .malformed("The header of a part holds a control character.")
    }
    do throws(HTTPError) {
      return try FieldLine.parse(line)
    } catch {
      throw .malformed("The header of a part is malformed: \(error.detail)")
    }
  }

  private static func part(
    _ headers: HTTPHeaders, body: ArraySlice<UInt8>
  ) throws(MultipartError) -> MultipartPart {
    for name in ["content-disposition", "content-type", "content-transfer-encoding"]
    where headers.all(name).count > 1 {
      throw .malformed("A part has \(name) more than once.")
    }
    guard let text = headers["content-disposition"], let disposition = ParameterizedValue(text),
      disposition.word == "form-data", let name = disposition["name"]
    else { throw .malformed("A part has no Content-Disposition: form-data with a name.") }
    // RFC 7578 §4.7 does away with it: data that is encoded would be taken for what it encodes.
    let encoding = headers["content-transfer-encoding"]?.lowercased() ?? "binary"
    guard ["binary", "7bit", "8bit"].contains(encoding) else {
      throw .malformed("A part has a Content-Transfer-Encoding; its data must be sent as it is.")
    }
    return MultipartPart(
      // RFC 7578 §4.2 forbids `filename*`, yet it is how some say that a part is a file.
      name: name, filename: disposition["filename"] ?? disposition["filename*"],
      contentType: headers["content-type"], body: body)
  }
}

extension ArraySlice<UInt8> {
  /// What stands before the first CRLF, or `nil` where there is none.
  fileprivate func line() -> Self? {
    var index = startIndex
    while let cr = self[index...].firstIndex(of: ASCII.cr) {
      if cr + 1 < endIndex, self[cr + 1] == ASCII.lf { return self[..<cr] }
      index = cr + 1
    }
    return nil
  }
}
