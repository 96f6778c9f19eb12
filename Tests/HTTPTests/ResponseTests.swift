import Testing

@testable import HTTP

private func head(
  _ response: HTTPResponse, _ connection: ResponseWriter.Context.Connection = .keep,
  version: HTTPVersion = .http11
) throws -> String {
  let context = ResponseWriter.Context(
    connection: connection, date: "Sun, 06 Nov 1994 08:49:37 GMT", requestID: "abc", version: version)
  return String(decoding: try ResponseWriter.head(of: response, context), as: UTF8.self)
}

@Test func responseHeadIsWhole() throws {
  let response = HTTPResponse(
    status: 200, headers: ["Content-Type": "text/plain", "Allow": "GET"], body: [1, 2, 3])
  #expect(
    try head(response, .close) == """
      HTTP/1.1 200 OK\r
      Content-Type: text/plain\r
      Allow: GET\r
      Content-Length: 3\r
      Connection: close\r
      Date: Sun, 06 Nov 1994 08:49:37 GMT\r
      Server: darkroom\r
      X-Content-Type-Options: nosniff\r
      X-Request-Id: abc\r
      \r

      """)
}

@Test func framingFieldsOfTheHandlerAreLeftOut() throws {
  let response = HTTPResponse(
    status: 404,
    headers: ["content-length": "99", "Transfer-Encoding": "chunked", "connection": "x", "DATE": "never"])
  let text = try head(response, .keepHTTP10)
  #expect(text.contains("Content-Length: 0\r\n"))
  #expect(text.contains("Connection: keep-alive\r\n"))
  #expect(!text.contains(": 99"))
  #expect(!text.contains("chunked"))
  #expect(!text.contains("never"))
}

@Test func aStreamHasNoLength() throws {
  let response = HTTPResponse(status: 200, body: [1], stream: HTTPBodyStream { nil })
  let chunked = try head(response)
  #expect(chunked.contains("Transfer-Encoding: chunked\r\n") && !chunked.contains("Content-Length"))
  let closing = try head(response, .close, version: .http10)
  #expect(!closing.contains("Transfer-Encoding") && !closing.contains("Content-Length"))
  #expect(throws: HTTPError.self) { try head(HTTPResponse(status: 204, stream: HTTPBodyStream { nil })) }
}

@Test func noContentHasNoLength() throws {
  #expect(try !head(HTTPResponse(status: 204)).contains("Content-Length"))
  #expect(try !head(HTTPResponse(status: 304)).contains("Content-Length"))
}

@Test(arguments: [
  ("X-A", "a\r\nSet-Cookie: b"), ("X-A", "a\nb"), ("X-A", "a\0"), ("X A", "b"), ("", "b"), ("X:A", "b"),
  ("X-A", "\u{20AC}"),
]) func forgedFieldsAreRefused(name: String, value: String) {
  var headers = HTTPHeaders()
  headers.add(name, value)
  #expect(throws: HTTPError.self) { try head(HTTPResponse(status: 200, headers: headers)) }
}

@Test(arguments: [0, 99, 100, 199, 600, -1]) func statusesOutsideAreRefused(status: Int) {
  #expect(throws: HTTPError.self) { try head(HTTPResponse(status: status)) }
}

@Test(
  arguments: [
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
    (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"), (Int64.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
  ] as [(Int64, String)]) func dates(seconds: Int64, text: String)
{
  #expect(HTTPDate.format(unixSeconds: seconds) == text)
}

@Test func dateCacheFollowsTheClockBothWays() {
  var cache = HTTPDateCache()
  #expect(cache.string(unixSeconds: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
  #expect(cache.string(unixSeconds: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
  #expect(cache.string(unixSeconds: 784_111_776) == "Sun, 06 Nov 1994 08:49:36 GMT")
}

@Test func requestIDs() {
  var source = RequestIDSource()
  #expect(RequestID.of(["X-Request-Id": "a.B_9-"], else: &source) == "a.B_9-")
  let long = String(repeating: "a", count: 64)
  #expect(RequestID.of(["X-Request-Id": long], else: &source) == long)
  for bad in ["", "a b", "a/b", "é", long + "a"] {
    let id = RequestID.of(["X-Request-Id": bad], else: &source)
    #expect(id != bad)
    #expect(id.utf8.count == 16)
    #expect(id.utf8.allSatisfy { ASCII.hex($0) != nil })
  }
  #expect(RequestID.of(["X-Request-Id": "a", "x-request-id": "b"], else: &source).utf8.count == 16)
  #expect(RequestID.of([:], else: &source).utf8.count == 16)
}

@Test func requestIDsDoNotRepeat() {
  var one = RequestIDSource()
  var other = RequestIDSource()
  let ids = Set((0..<10_000).flatMap { _ in [one.next(), other.next()] })
  #expect(ids.count == 20_000)
}

/// RFC 9110 §5.6.2.
@Test func tokenCharacters() {
  let letters = "abcdefghijklmnopqrstuvwxyz"
  let tokens = Set("!#$%&'*+-.^_`|~0123456789\(letters)\(letters.uppercased())".utf8)
  for byte in UInt8.min ... .max { #expect(ASCII.isToken(byte) == tokens.contains(byte), "\(byte)") }
}
