extension HTTPError {
  static let lineTooLong = HTTPError(
    status: 414, detail: "The request line is too long.", code: "request_line_too_long")

  static let controlInLine = badHeader("A line holds a bare LF or another control character.")
}

extension RequestParser {
  /// The range of the next line without its CRLF, or `nil` when it is not complete.
  ///
  /// Line ends are exactly CRLF and no control character but the tab may stand in a line, so a bare CR, a bare
  /// LF and a NUL are refused as soon as they are seen.
  mutating func takeLine(limit: Int, over: HTTPError) throws(HTTPError) -> Range<Int>? {
    let end = min(buffer.count, used + limit)
    let index = firstControl(from: scanned, to: end)
    if index == end {
      scanned = index
      // One byte more may be the CR.
      guard index < buffer.count else { return nil }
      guard buffer[index] == ASCII.cr else {
        if buffer[index] != ASCII.tab, ASCII.isControl(buffer[index]) { throw .controlInLine }
        throw over
      }
    }
    guard buffer[index] == ASCII.cr else { throw .controlInLine }
    guard index + 1 < buffer.count else {
      scanned = index
      return nil
    }
    guard buffer[index + 1] == ASCII.lf else { throw .badHeader("A line holds a bare CR.") }
    let line = used..<index
    used = index + 2
    scanned = used
    return line
  }

  /// The first control character but a tab, or `end`.
  private func firstControl(from start: Int, to end: Int) -> Int {
    buffer.withUnsafeBufferPointer { bytes in
      var index = start
      while index < end, !ASCII.isControl(bytes[index]) || bytes[index] == ASCII.tab { index += 1 }
      return index
    }
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
    let text = String(decoding: parts[1], as: UTF8.self)
    let target = try RequestTarget.parse(parts[1], text: text, method: method)
    request.method = method
    request.target = text
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
    guard let host = request.headers["host"] else {
      guard request.version == .http10 else { throw .badHost("Host is missing.") }
      if let authority { request.headers.add("Host", authority) }
      return
    }
    guard request.headers.count(of: "host") == 1 else { throw .badHost("Host is given more than once.") }
    // A client names the same host in each of its requests.
    if host != lastHost {
      guard Authority(host.utf8) != nil else { throw .badHost("Host is malformed.") }
      lastHost = host
    }
    if let authority, !ASCII.equal(authority, host) {
      throw .badHost("Host differs from the host in the request target.")
    }
  }

  /// - Throws: 417 for an expectation other than `100-continue` (RFC 9110 §10.1.1).
  func expectsContinue() throws(HTTPError) -> Bool {
    guard let first = request.headers["expect"] else { return false }
    guard request.headers.count(of: "expect") == 1, ASCII.equal(first, "100-continue") else {
      throw HTTPError(
        status: 417, detail: "Only the expectation 100-continue is known.", code: "expectation_failed")
    }
    // HTTP/1.0 has no interim responses: there it must be ignored.
    return request.version == .http11
  }
}
