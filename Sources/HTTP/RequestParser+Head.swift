extension HTTPError {
  static let lineTooLong = HTTPError(
    status: 414, detail: "The request line is too long.", code: "request_line_too_long")
}

extension RequestParser {
  /// The range of the next line without its CRLF, or `nil` when it is not complete.
  ///
  /// Line ends are exactly CRLF and no control character but the tab may stand in a line, so a bare CR, a bare
  /// LF and a NUL are refused as soon as they are seen.
  mutating func takeLine(limit: Int, over: HTTPError) throws(HTTPError) -> Range<Int>? {
    var index = scanned
    while index < buffer.count {
      let byte = buffer[index]
      if byte == ASCII.cr {
        guard index + 1 < buffer.count else { break }
        guard buffer[index + 1] == ASCII.lf else { throw .badHeader("A line holds a bare CR.") }
        let line = used..<index
        used = index + 2
        scanned = used
        return line
      }
      guard !ASCII.isControl(byte) || byte == ASCII.tab else {
        throw .badHeader("A line holds a bare LF or another control character.")
      }
      guard index - used < limit else { throw over }
      index += 1
    }
    scanned = index
    return nil
  }

  /// `method SP target SP version`, with exactly one space between (RFC 9112 §3).
  mutating func requestLine(_ range: Range<Int>) throws(HTTPError) {
    let line = buffer[range]
    if line.isEmpty {
      // One empty line before a request is forgiven: old clients end a body with it (RFC 9112 §2.2).
      guard !skippedEmptyLine else { throw .badRequestLine("The request line is empty.") }
      skippedEmptyLine = true
      return
    }
    let parts = line.split(separator: ASCII.space, maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3 else {
      throw .badRequestLine("The request line is not a method, a target and a version.")
    }
    guard !parts[0].isEmpty, parts[0].allSatisfy(ASCII.isToken) else {
      throw .badRequestLine("The method is not a token.")
    }
    let version = try Self.version(parts[2])
    let method = String(decoding: parts[0], as: UTF8.self)
    let target = try RequestTarget.parse(parts[1], method: method)
    request.method = method
    request.target = String(decoding: parts[1], as: UTF8.self)
    request.path = target.path
    request.query = target.query
    request.version = version
    authority = target.authority
    state = .fields
  }

  private static func version(_ bytes: ArraySlice<UInt8>) throws(HTTPError) -> HTTPVersion {
    let digits = bytes.dropFirst(5)
    guard bytes.starts(with: "HTTP/".utf8), digits.count == 3, let major = digits.first,
      let minor = digits.last, ASCII.isDigit(major), ASCII.isDigit(minor),
      digits.dropFirst().first == UInt8(ascii: ".")
    else { throw .badRequestLine("The version is not HTTP/1.x.") }
    guard major == UInt8(ascii: "1") else {
      throw HTTPError(status: 505, detail: "Only HTTP/1.x is spoken.", code: "version_not_supported")
    }
    return minor == UInt8(ascii: "0") ? .http10 : .http11
  }

  /// Takes one header line; true when it was the empty one that ends the head.
  mutating func field(_ range: Range<Int>) throws(HTTPError) -> Bool {
    guard !range.isEmpty else {
      try endHead()
      return true
    }
    headerBytes += range.count + 2
    guard headerBytes <= limits.headerBytes, request.headers.count < limits.headerFields else {
      throw .headersTooLarge
    }
    let field = try FieldLine.parse(buffer[range])
    request.headers.add(field.name, field.value)
    return false
  }

  private mutating func endHead() throws(HTTPError) {
    try checkHost()
    // An unknown expectation is refused before the body is read.
    _ = try expectsContinue()
    let framing = try BodyFraming.of(request.headers, version: request.version, limits: limits)
    if case .length(let length) = framing { declaredLength = length }
    state = .headDone(framing)
  }

  /// RFC 9112 §3.2: exactly one valid Host on HTTP/1.1, at most one on HTTP/1.0. Where the target names a host
  /// too, both must be the same; RFC 9112 §3.2.2 would have the target win, but two names are one too many.
  private mutating func checkHost() throws(HTTPError) {
    let hosts = request.headers.all("host")
    guard hosts.count <= 1 else { throw .badHost("Host is given more than once.") }
    guard let host = hosts.first else {
      guard request.version == .http10 else { throw .badHost("Host is missing.") }
      if let authority { request.headers.add("Host", authority) }
      return
    }
    guard Authority(host.utf8) != nil else { throw .badHost("Host is malformed.") }
    if let authority, !ASCII.equal(authority, host) {
      throw .badHost("Host differs from the host in the request target.")
    }
  }

  /// - Throws: 417 for an expectation other than `100-continue` (RFC 9110 §10.1.1).
  func expectsContinue() throws(HTTPError) -> Bool {
    let expectations = request.headers.all("expect")
    guard let first = expectations.first else { return false }
    guard expectations.count == 1, ASCII.equal(first, "100-continue") else {
      throw HTTPError(
        status: 417, detail: "Only the expectation 100-continue is known.", code: "expectation_failed")
    }
    // HTTP/1.0 has no interim responses: there it must be ignored.
    return request.version == .http11
  }
}
