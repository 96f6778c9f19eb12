import HTTP
import Synchronization
import Testing

@Suite struct StreamTests {
  @Test(arguments: [1, 9, 15, 16, 255, 256, 70_000])
  func chunksAreReadBack(size: Int) throws {
    let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    let body = ChunkedEncoder.chunk(piece) + ChunkedEncoder.chunk(piece) + ChunkedEncoder.end
    let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    var parser = RequestParser()
    parser.append([UInt8](head.utf8) + body)
    var read: [UInt8]?
    while let event = try parser.next() {
      if case .request(let request) = event { read = request.body }
    }
    #expect(read == piece + piece)
    #expect(parser.phase == .idle)
  }

  @Test func emptyPiecesArePassedOver() async {
    let pieces = Mutex<[[UInt8]]>([[], [1], [], [], [2], []])
    let stream = HTTPBodyStream { pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    #expect(await stream.next() == [1])
    #expect(await stream.next() == [2])
    #expect(await stream.next() == nil)
  }

  @Test func aCancelledReaderOfNothingComesBack() async {
    let stream = HTTPBodyStream { [] }
    let task = Task { await stream.next() }
    task.cancel()
    #expect(await task.value == nil)
  }

  @Test func streamsAreEqualToThemselves() {
    let stream = HTTPBodyStream { nil }
    #expect(stream == stream)
    #expect(stream != HTTPBodyStream { nil })
  }

  @Test func events() {
    let event = ServerSentEvent.bytes("step", data: [UInt8](#"{"step":1}"#.utf8))
    #expect(String(decoding: event, as: UTF8.self) == "event: step\ndata: {\"step\":1}\n\n")
    #expect(String(decoding: ServerSentEvent.comment, as: UTF8.self) == ":\n\n")
  }

  @Test(arguments: [("/a?token=x", "/a"), ("/a", "/a"), ("?x", ""), ("-", "-")])
  func pathsHaveNoQuery(target: String, path: String) {
    #expect(exchange(target).path == path)
    #expect(exchange("/" + String(repeating: "a", count: 9000)).path.utf8.count == 256)
  }

  private func exchange(_ target: String) -> HTTPExchange {
    HTTPExchange(method: "GET", target: target, requestID: "id", remoteAddress: "127.0.0.1", status: 200)
  }

  @Test(arguments: [
    ("Content-Length: 11", true), ("Content-Length: 10", false), ("Transfer-Encoding: chunked", true),
    ("Content-Length: 1\r\nExpect: 100-continue", true), ("Content-Length: 0\r\nExpect: 100-continue", false),
    ("X-A: b", false),
  ])
  func aHeadTellsWhetherALongBodyComes(field: String, awaits: Bool) throws {
    var parser = RequestParser()
    parser.append("POST / HTTP/1.1\r\nHost: h\r\n\(field)\r\n\r\n".utf8)
    guard case .head? = try parser.next() else {
      Issue.record("no head")
      return
    }
    #expect(parser.awaitsBody(over: 10) == awaits)
  }
}
