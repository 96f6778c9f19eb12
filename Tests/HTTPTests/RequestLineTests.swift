import Testing

@testable import HTTP

private func line(_ name: String, _ line: String, _ want: Row.Want) -> Row {
  Row(name, "\(line)\r\nHost: h\r\n\r\n", want)
}

private let rows: [Row] = [
  line("origin form", "GET /health HTTP/1.1", .requests(["GET /health 1.1 "])),
  line("query", "GET /a?x=1&y=%20 HTTP/1.1", .requests(["GET /a?x=1&y=%20 1.1 "])),
  line("empty query", "GET /a? HTTP/1.1", .requests(["GET /a? 1.1 "])),
  line("percent-decoded", "GET /caf%C3%A9/a%2Fb HTTP/1.1", .requests(["GET /café/a/b 1.1 "])),
  line("decoded once", "GET /%252e HTTP/1.1", .requests(["GET /%2e 1.1 "])),
  line("http 1.0", "GET / HTTP/1.0", .requests(["GET / 1.0 "])),
  line("http 1.2 is 1.1", "GET / HTTP/1.2", .requests(["GET / 1.1 "])),
  line("absolute form", "GET http://h/a?b HTTP/1.1", .requests(["GET /a?b 1.1 "])),
  line("absolute form, any case", "GET HTTP://H/a HTTP/1.1", .requests(["GET /a 1.1 "])),
  line("absolute form, no path", "GET http://h HTTP/1.1", .requests(["GET / 1.1 "])),
  line("absolute form, only query", "GET http://h?q HTTP/1.1", .requests(["GET /?q 1.1 "])),
  line("absolute form, other host", "GET http://other/ HTTP/1.1", .refused(400)),
  line("absolute form, user info", "GET http://u@h/ HTTP/1.1", .refused(400)),
  line("absolute form, no host", "GET http:///a HTTP/1.1", .refused(400)),
  line("asterisk form", "OPTIONS * HTTP/1.1", .requests(["OPTIONS * 1.1 "])),
  line("asterisk form of GET", "GET * HTTP/1.1", .refused(400)),
  line("authority form", "GET h:80 HTTP/1.1", .refused(400)),
  line("CONNECT", "CONNECT h:80 HTTP/1.1", .refused(501)),
  line("unknown method", "BREW /pot HTTP/1.1", .requests(["BREW /pot 1.1 "])),
  line("lower-case method is another", "get / HTTP/1.1", .requests(["get / 1.1 "])),
  line("method not a token", "G@T / HTTP/1.1", .refused(400)),
  line("no method", " / HTTP/1.1", .refused(400)),
  line("no target", "GET  HTTP/1.1", .refused(400)),
  line("no version", "GET /", .refused(400)),
  line("empty version", "GET / ", .refused(400)),
  line("two spaces", "GET  / HTTP/1.1", .refused(400)),
  line("space in target", "GET /a b HTTP/1.1", .refused(400)),
  line("space at end", "GET / HTTP/1.1 ", .refused(400)),
  line("tabs", "GET\t/\tHTTP/1.1", .refused(400)),
  line("version 2.0", "GET / HTTP/2.0", .refused(505)),
  line("version 0.9", "GET / HTTP/0.9", .refused(505)),
  line("version 1.10", "GET / HTTP/1.10", .refused(400)),
  line("version 01.1", "GET / HTTP/01.1", .refused(400)),
  line("version 1.1x", "GET / HTTP/1.1x", .refused(400)),
  line("version 1,1", "GET / HTTP/1,1", .refused(400)),
  line("version in lower case", "GET / http/1.1", .refused(400)),
  line("fragment", "GET /a#b HTTP/1.1", .refused(400)),
  line("backslash", "GET /..\\a HTTP/1.1", .refused(400)),
  line("quote", "GET /\" HTTP/1.1", .refused(400)),
  line("raw UTF-8", "GET /é HTTP/1.1", .refused(400)),
  line("broken percent", "GET /%zz HTTP/1.1", .refused(400)),
  line("short percent", "GET /a%2 HTTP/1.1", .refused(400)),
  line("signed percent", "GET /a%+1 HTTP/1.1", .refused(400)),
  line("encoded CRLF", "GET /a%0d%0aX:1 HTTP/1.1", .refused(400)),
  line("encoded NUL", "GET /a%00 HTTP/1.1", .refused(400)),
  line("overlong UTF-8", "GET /%c0%af HTTP/1.1", .refused(400)),
  line("bare CR", "GET /\rHTTP/1.1", .refused(400)),
  Row("bare LF", "GET / HTTP/1.1\nHost: h\r\n\r\n", .refused(400)),
  Row("one empty line before", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", .requests(["GET / 1.1 "])),
  Row("two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", .refused(400)),
  Row("bare LF before", "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", .refused(400)),
  Row("TLS hello", bytes: [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3], .refused(400)),
]

@Test(arguments: rows) func requestLine(row: Row) {
  for outcome in outcomes(row.bytes) { #expect(outcome == row.expected) }
  for outcome in outcomesFollowed(row.bytes) { #expect(outcome == row.expectedFollowed) }
}

@Test func requestLineLimit() {
  let fits = "GET /" + String(repeating: "a", count: 8192 - 14) + " HTTP/1.1"
  #expect(fits.utf8.count == 8192)
  for outcome in outcomes([UInt8]("\(fits)\r\nHost: h\r\n\r\n".utf8)) { #expect(outcome.requests.count == 1) }
  for outcome in outcomes([UInt8]("\(fits)1\r\nHost: h\r\n\r\n".utf8)) { #expect(outcome.refused == 414) }
}

@Test func endlessRequestLineIsRefusedWithoutItsEnd() {
  var parser = RequestParser()
  parser.append([UInt8](repeating: UInt8(ascii: "a"), count: 8193))
  #expect(throws: HTTPError.lineTooLong) { try parser.next() }
  // A parser that has refused keeps refusing: what follows is never taken for a request.
  parser.append(follower)
  #expect(throws: HTTPError.lineTooLong) { try parser.next() }
}

@Test func targetKeepsItsOwnBytes() throws {
  var parser = RequestParser()
  parser.append("GET http://h/%41?b HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
  guard case .head? = try parser.next(), let request = parser.partial else {
    Issue.record("no head")
    return
  }
  #expect(request.target == "http://h/%41?b")
  #expect(request.path == "/A")
  #expect(request.query == "b")
}

@Test func absoluteTargetNamesTheHostOfHTTP10() throws {
  var parser = RequestParser()
  parser.append("GET http://there:81/ HTTP/1.0\r\n\r\n".utf8)
  guard case .head? = try parser.next(), let request = parser.partial else {
    Issue.record("no head")
    return
  }
  #expect(request.headers["host"] == "there:81")
}

@Test func theHostThatIsAddedDoesNotCount() throws {
  var limits = HTTPLimits()
  limits.headerFields = 2
  var parser = RequestParser(limits: limits)
  parser.append("GET http://there/ HTTP/1.0\r\nA: 1\r\nB: 2\r\n\r\n".utf8)
  guard case .head? = try parser.next(), let request = parser.partial else {
    Issue.record("no head")
    return
  }
  #expect(request.headers["host"] == "there")
}
