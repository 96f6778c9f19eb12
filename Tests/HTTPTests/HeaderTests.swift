import Testing

@testable import HTTP

private func head(_ name: String, _ fields: String, _ want: Row.Want = .requests(["GET / 1.1 "])) -> Row {
  Row(name, "GET / HTTP/1.1\r\n\(fields)\r\n", want)
}

private func host(_ value: String, _ want: Row.Want = .requests(["GET / 1.1 "])) -> Row {
  head("Host \(value)", "Host: \(value)\r\n", want)
}

private let rows: [Row] = [
  head("blanks around a value", "Host: h\r\nX-A: \t 1 \t \r\n"),
  head("empty value", "Host: h\r\nX-A:\r\n"),
  head("tab inside a value", "Host: h\r\nX-A: a\tb\r\n"),
  head("space before the colon", "Host: h\r\nX-A : 1\r\n", .refused(400)),
  head("folded", "Host: h\r\nX-A: 1\r\n folded\r\n", .refused(400)),
  head("folded by a tab", "Host: h\r\nX-A: 1\r\n\tfolded\r\n", .refused(400)),
  head("first line folded", " Host: h\r\n", .refused(400)),
  head("no colon", "Host: h\r\nText\r\n", .refused(400)),
  head("no name", "Host: h\r\n: v\r\n", .refused(400)),
  head("brackets in a name", "Host: h\r\nX[]: 1\r\n", .refused(400)),
  head("non-ASCII name", "Host: h\r\nX-é: 1\r\n", .refused(400)),
  head("NUL in a name", "Host: h\r\nX-\0: 1\r\n", .refused(400)),
  head("NUL in a value", "Host: h\r\nX-A: a\0b\r\n", .refused(400)),
  head("DEL in a value", "Host: h\r\nX-A: a\u{7F}b\r\n", .refused(400)),
  head("escape in a value", "Host: h\r\nX-A: \u{1B}[0m\r\n", .refused(400)),
  head("bare LF", "X-A: 1\nHost: h\r\n", .refused(400)),
  head("bare CR", "Host: h\r\nX-A: 1\rX-B: 2\r\n", .refused(400)),
  head("CR before the end", "Host: h\r\n\rZ", .refused(400)),
  head("no Host", "", .refused(400)),
  head("two Hosts", "Host: a\r\nHost: b\r\n", .refused(400)),
  head("the same Host twice", "Host: h\r\nhost: h\r\n", .refused(400)),
  host("h"), host("127.0.0.1:8000"), host("[::1]:9106"), host("a-b.example:"), host("h:65535"),
  host("[::ffff:1.2.3.4]"),
  host("", .refused(400)), host("a, b", .refused(400)), host("u:p@h", .refused(400)),
  host("h/x", .refused(400)), host("a b", .refused(400)), host("h\\x", .refused(400)),
  host("h:65536", .refused(400)), host("h:+80", .refused(400)), host("h:8x", .refused(400)),
  host("h:999999999999999999999", .refused(400)), host("[::1", .refused(400)), host("[]", .refused(400)),
  host("[::1]x", .refused(400)), host("[::g]", .refused(400)), host("::1", .refused(400)),
  host(":80", .refused(400)),
  Row("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", .requests(["GET / 1.0 "])),
  Row("HTTP/1.0 with a bad Host", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", .refused(400)),
  Row(
    "obs-text in a value",
    bytes: [UInt8]("GET / HTTP/1.1\r\nHost: h\r\nX: caf".utf8) + [0xE9]
      + [UInt8]("\r\n\r\n".utf8), .requests(["GET / 1.1 "])),
  head("unknown expectation", "Host: h\r\nExpect: 200-maybe\r\n", .refused(417)),
  head("two expectations", "Host: h\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n", .refused(417)),
]

@Test(arguments: rows) func headers(row: Row) {
  for outcome in outcomes(row.bytes) { #expect(outcome == row.expected) }
  for outcome in outcomesFollowed(row.bytes) { #expect(outcome == row.expectedFollowed) }
}

private func fields(_ count: Int, value: String = "v") -> [UInt8] {
  [UInt8](
    ("GET / HTTP/1.1\r\nHost: h\r\n" + (1..<count).map { "X-\($0): \(value)\r\n" }.joined() + "\r\n").utf8)
}

@Test func headerCountLimit() {
  for outcome in outcomes(fields(100)) { #expect(outcome == Outcome(requests: ["GET / 1.1 "])) }
  for outcome in outcomes(fields(101)) { #expect(outcome == Outcome(refused: 431)) }
}

@Test func headerBytesLimit() {
  // "Host: h\r\n" takes 9 bytes and "X-1: \r\n" 7.
  let room = 32 * 1024 - 16
  for outcome in outcomes(fields(2, value: String(repeating: "v", count: room))) {
    #expect(outcome == Outcome(requests: ["GET / 1.1 "]))
  }
  for outcome in outcomes(fields(2, value: String(repeating: "v", count: room + 1))) {
    #expect(outcome == Outcome(refused: 431))
  }
}

@Test func endlessHeaderIsRefusedWithoutItsEnd() {
  let bytes = [UInt8]("GET / HTTP/1.1\r\nHost: h\r\nX: ".utf8) + [UInt8](repeating: 0x61, count: 40_000)
  for outcome in outcomes(bytes) { #expect(outcome == Outcome(refused: 431)) }
}

@Test func headerLookup() {
  var headers: HTTPHeaders = ["Accept": "a", "X-Empty": ""]
  headers.add("ACCEPT", "b")
  #expect(headers["accept"] == "a")
  #expect(headers.all("Accept") == ["a", "b"])
  #expect(headers["x-empty"]?.isEmpty == true)
  #expect(headers["absent"] == nil)
  headers.set("accept", "c")
  #expect(headers.all("Accept") == ["c"])
  headers.remove("ACCEPT")
  #expect(headers["accept"] == nil)
}

@Test func listTokens() {
  let headers: HTTPHeaders = ["Connection": "Keep-Alive ,\tClose", "Other": "closed"]
  #expect(headers.lists("close", in: "connection"))
  #expect(headers.lists("keep-alive", in: "connection"))
  #expect(!headers.lists("close", in: "other"))
  #expect(!headers.lists("clos", in: "connection"))
}

@Test func keepAlive() {
  func keeps(_ version: HTTPVersion, _ connection: String?) -> Bool {
    var headers = HTTPHeaders()
    if let connection { headers.add("Connection", connection) }
    return HTTPRequest(method: "GET", target: "/", path: "/", version: version, headers: headers).keepsAlive
  }
  #expect(keeps(.http11, nil))
  #expect(!keeps(.http11, "close"))
  #expect(!keeps(.http11, "upgrade, CLOSE"))
  #expect(!keeps(.http10, nil))
  #expect(keeps(.http10, "keep-alive"))
  #expect(!keeps(.http10, "keep-alive, close"))
}

@Test func latin1ValueIsLossless() throws {
  var parser = RequestParser()
  parser.append([UInt8]("GET / HTTP/1.1\r\nHost: h\r\nX: ".utf8) + [0xE9, 0xA0] + [UInt8]("\r\n\r\n".utf8))
  guard case .head? = try parser.next(), let request = parser.partial else {
    Issue.record("no head")
    return
  }
  // 0xA0 is not a blank in HTTP: it stays.
  #expect(request.headers["x"] == "\u{E9}\u{A0}")
}
