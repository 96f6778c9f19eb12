import Testing

@testable import HTTP

private func post(_ name: String, _ fields: String, _ body: String, _ want: Row.Want) -> Row {
  Row(name, "POST / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n\(body)", want)
}

private func chunked(_ name: String, _ body: String, _ want: Row.Want) -> Row {
  post(name, "Transfer-Encoding: chunked\r\n", body, want)
}

private func coding(_ value: String, _ status: Int) -> Row {
  post("Transfer-Encoding \(value)", "Transfer-Encoding: \(value)\r\n", "0\r\n\r\n", .refused(status))
}

private func length(_ value: String, _ status: Int) -> Row {
  post("Content-Length \(value)", "Content-Length: \(value)\r\n", "", .refused(status))
}

private let ok = Row.Want.requests(["POST / 1.1 hello"])

private let lengthRows: [Row] = [
  post("length", "Content-Length: 5\r\n", "hello", ok),
  post("leading zeros", "Content-Length: 0005\r\n", "hello", ok),
  post("no length, no body", "", "", .requests(["POST / 1.1 "])),
  post("length 0", "Content-Length: 0\r\n", "", .requests(["POST / 1.1 "])),
  Row(
    "GET with a body", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", .requests(["GET / 1.1 x"])),
  Row("HTTP/1.0", "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", .requests(["POST / 1.0 hi"])),
  length("", 400), length("-1", 400), length("+5", 400), length("0x5", 400), length("5z", 400),
  length("1 0", 400), length("1e2", 400), length("5, 5", 400), length("5,", 400),
  length("18446744073709551615", 413), length(String(repeating: "9", count: 40), 413),
  length("9223372036854775807", 413), length("33554433", 413),
  post("two equal lengths", "Content-Length: 5\r\nContent-Length: 5\r\n", "hello", .refused(400)),
  post("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n", "hello", .refused(400)),
  post("length and coding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "", .refused(400)),
  post("coding and length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "", .refused(400)),
]

private let codingRows: [Row] = [
  coding("pigeons", 501), coding("identity", 501), coding("gzip, chunked", 501),
  coding("chunkedchunked", 501),
  coding("chunked, chunked", 400), coding(",chunked", 400), coding("", 400), coding("\u{A0}chunked", 400),
  coding("chunked;q=1", 400), coding("\u{B}chunked", 400),
  post(
    "two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n",
    .refused(400)),
  Row("coding on HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .refused(400)),
  post("coding in capitals", "transfer-encoding: Chunked\r\n", "0\r\n\r\n", .requests(["POST / 1.1 "])),
  post("underscore is another field", "Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", "hello", ok),
]

private let chunkRows: [Row] = [
  chunked("one chunk", "5\r\nhello\r\n0\r\n\r\n", ok),
  chunked("one-byte chunks", "1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n0\r\n\r\n", ok),
  chunked("empty", "0\r\n\r\n", .requests(["POST / 1.1 "])),
  chunked("many zeros", "000\r\n\r\n", .requests(["POST / 1.1 "])),
  chunked(
    "hex in both cases", "A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n",
    .requests(["POST / 1.1 01234567890123456789a"])),
  chunked("leading zeros", "00005\r\nhello\r\n0\r\n\r\n", ok),
  chunked("extension", "5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", ok),
  chunked("trailers", "5\r\nhello\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n", ok),
  chunked("CRLF in data", "2\r\n\r\n\r\n0\r\n\r\n", .requests(["POST / 1.1 \r\n"])),
  chunked("plus", "+5\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("minus", "-5\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("0x", "0x5\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("blank before", " 5\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("blank after", "5 \r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("tab and CR after", "5\t\r\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("no size", "\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("only an extension", ";a\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("not hex", "5g\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("200 digits", String(repeating: "0", count: 199) + "5\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("64 bits", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n", .refused(413)),
  chunked("63 bits", "7fffffffffffffff\r\nhello\r\n0\r\n\r\n", .refused(413)),
  chunked("NUL in an extension", "5;a\0b\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("bare CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("bare LF in an extension", "5;a\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("CR CR", "5\r\r;\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("bare LF after the size", "5\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("bare LF after the data", "5\r\nhello\n0\r\n\r\n", .refused(400)),
  chunked("data too long", "4\r\nhello\r\n0\r\n\r\n", .refused(400)),
  chunked("text for a size", "INVALID!!!\r\n", .refused(400)),
  chunked("extensions too long", "5;\(String(repeating: "a", count: 17_000))\r\n", .refused(400)),
  chunked("trailer without a colon", "0\r\nX\r\n\r\n", .refused(400)),
  chunked("folded trailer", "0\r\nX: 1\r\n y\r\n\r\n", .refused(400)),
  chunked("trailer with a bare LF", "0\r\nX: 1\n\r\n", .refused(400)),
  chunked("too many trailers", "0\r\n" + String(repeating: "X: 1\r\n", count: 101) + "\r\n", .refused(431)),
  chunked("trailers too long", "0\r\nX: \(String(repeating: "a", count: 33_000))", .refused(431)),
]

@Test(arguments: lengthRows + codingRows + chunkRows) func bodies(row: Row) {
  for outcome in outcomes(row.bytes) { #expect(outcome == row.expected) }
  for outcome in outcomesFollowed(row.bytes) { #expect(outcome == row.expectedFollowed) }
}

@Test func bodyLimitHoldsForChunksTogether() {
  var limits = HTTPLimits()
  limits.body = 8
  let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
  for outcome in outcomes([UInt8]((head + "4\r\nabcd\r\n4\r\nefgh\r\n0\r\n\r\n").utf8), limits: limits) {
    #expect(outcome == Outcome(requests: ["POST / 1.1 abcdefgh"]))
  }
  // Refused at the size line, before the data.
  for outcome in outcomes([UInt8]((head + "4\r\nabcd\r\n5\r\n").utf8), limits: limits) {
    #expect(outcome == Outcome(refused: 413))
  }
}

@Test func continueIsWantedOnceAndOnlyWhileNothingOfTheBodyHasCome() throws {
  let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n"
  var waiting = RequestParser()
  waiting.append(head.utf8)
  #expect(try events(&waiting) == ["head", "continue"])
  waiting.append("h".utf8)
  #expect(try events(&waiting) == [])
  waiting.append("i".utf8)
  #expect(try events(&waiting) == ["request"])

  var eager = RequestParser()
  eager.append((head + "hi").utf8)
  #expect(try events(&eager) == ["head", "request"])
}

@Test func continueIsNotWantedWithoutABodyOrOnHTTP10() throws {
  var empty = RequestParser()
  empty.append("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n".utf8)
  #expect(try events(&empty) == ["head", "request"])

  var old = RequestParser()
  old.append("POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n".utf8)
  #expect(try events(&old) == ["head"])
}

private func events(_ parser: inout RequestParser) throws -> [String] {
  var names: [String] = []
  while let event = try parser.next() {
    switch event {
    case .head: names.append("head")
    case .continueWanted: names.append("continue")
    case .request: names.append("request")
    }
  }
  return names
}

@Test func phaseTellsWhereTheBytesStand() throws {
  var parser = RequestParser()
  #expect(parser.phase == .idle)
  try parser.finish()
  for byte in "POST /a HTTP/1.1\r\nHost: h\r\n".utf8 {
    parser.append([byte])
    #expect(try parser.next() == nil)
    #expect(parser.phase == .head)
  }
  #expect(parser.partial?.path == "/a")
  #expect(throws: HTTPError.self) { try parser.finish() }
  parser.append("Content-Length: 3\r\n\r\nab".utf8)
  #expect(try events(&parser) == ["head"])
  #expect(parser.phase == .body)
  #expect(parser.declaredLength == 3)
  #expect(parser.receivedLength == 2)
  parser.append("c".utf8)
  #expect(try events(&parser) == ["request"])
  #expect(parser.phase == .idle)
  #expect(parser.partial == nil)
  #expect(parser.declaredLength == nil)
  try parser.finish()
}

/// Quadratic handling would take minutes here; a second is a hundred times what linear takes.
@Test func largeBodyInSmallPiecesIsLinear() throws {
  let size = 32 * 1024 * 1024
  var parser = RequestParser()
  parser.append("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(size)\r\n\r\n".utf8)
  let piece = [UInt8](repeating: 0x61, count: 4096)
  let clock = ContinuousClock()
  var total = 0
  let took = try clock.measure {
    for _ in 0..<(size / piece.count) {
      parser.append(piece)
      while let event = try parser.next() {
        if case .request(let request) = event { total = request.body.count }
      }
    }
  }
  #expect(total == size)
  #expect(took < .seconds(5))
}

@Test func manyPipelinedRequestsAreLinear() throws {
  let many = 20_000
  var parser = RequestParser()
  parser.append(Array(repeating: follower, count: many).flatMap { $0 })
  var requests = 0
  let took = try ContinuousClock().measure {
    while let event = try parser.next() {
      if case .request = event { requests += 1 }
    }
  }
  #expect(requests == many)
  #expect(took < .seconds(10))
}

/// Whatever the bytes, the cuts agree and nothing traps.
@Test func mutatedRequestsAreReadTheSameHoweverTheyAreCut() {
  var random = SystemRandomNumberGenerator()
  let seeds = (lengthRows + codingRows + chunkRows).map(\.bytes).filter { $0.count < 400 }
  let bytes: [UInt8] = [0, 9, 10, 13, 32, 43, 45, 48, 58, 59, 102, 128, 255]
  for _ in 0..<2000 {
    guard var mutant = seeds.randomElement(using: &random) else { return }
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let at = Int.random(in: 0..<mutant.count, using: &random)
      let byte = bytes.randomElement(using: &random) ?? 0
      switch Int.random(in: 0..<3, using: &random) {
      case 0: mutant[at] = byte
      case 1: mutant.insert(byte, at: at)
      default: if mutant.count > 1 { mutant.remove(at: at) }
      }
    }
    let all = outcomesFollowed(mutant)
    #expect(Set(all.map(\.description)).count == 1, "\(mutant)")
  }
}
