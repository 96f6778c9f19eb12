import HTTP
import Logging
import Sockets
import Testing

/// Connections as RFC 9112 §9 has them.
@Suite(.serialized) struct BehaviourTests {
  @Test func everyReplyCarriesTheCommonFields() async throws {
    let reply = try await exchange { port in
      let client = try Client(port: port)
      client.send(health)
      return try client.mustReply()
    }
    #expect(reply.status == 200)
    #expect(reply.text == "ok")
    #expect(reply.headers["content-length"] == "2")
    #expect(reply.headers["server"] == "darkroom")
    #expect(reply.headers["x-content-type-options"] == "nosniff")
    #expect(reply.headers["x-request-id"]?.count == 16)
    #expect(reply.headers["date"]?.hasSuffix(" GMT") == true)
    #expect(reply.headers["connection"] == nil)
  }

  @Test func aConnectionServesManyRequests() async throws {
    let statuses = try await exchange { port in
      let client = try Client(port: port)
      return try (0..<200).map { index in
        client.send(index % 2 == 0 ? health : get("/no"))
        return try client.mustReply().status
      }
    }
    #expect(statuses == (0..<200).map { $0 % 2 == 0 ? 200 : 404 })
  }

  @Test func pipelinedRepliesWaitForASlowFirstOne() async throws {
    let texts = try await exchange { port in
      let client = try Client(port: port)
      client.send(get("/slow?300") + health + get("/slow?1") + get("/no"))
      return try (0..<4).map { _ in try client.mustReply().text }
    }
    #expect(texts == ["slow", "ok", "slow", "nothing here"])
  }

  @Test func clientRequestIDIsKept() async throws {
    let (kept, made) = try await exchange { port in
      let client = try Client(port: port)
      client.send(get("/id", "X-Request-Id: my.id-1\r\n") + get("/id", "X-Request-Id: no good\r\n"))
      return (try client.mustReply(), try client.mustReply())
    }
    #expect(kept.headers["x-request-id"] == "my.id-1")
    #expect(kept.text == "my.id-1 127.0.0.1")
    #expect(made.headers["x-request-id"]?.count == 16)
    #expect(made.text == "\(made.headers["x-request-id"] ?? "") 127.0.0.1")
  }

  @Test func headHasTheLengthAndNoBody() async throws {
    let (head, next) = try await exchange { port in
      let client = try Client(port: port)
      client.send("HEAD /health HTTP/1.1\r\nHost: h\r\n\r\n" + get("/no"))
      return (try client.mustReply(toHead: true), try client.mustReply())
    }
    #expect(head.status == 200)
    #expect(head.headers["content-length"] == "2")
    #expect(next.status == 404)
  }

  @Test func refusedHeadHasNoBodyEither() async throws {
    let bytes = try await exchange { port in
      let client = try Client(port: port)
      client.send("HEAD /health HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n")
      return try client.rest()
    }
    #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("\r\n\r\n"))
  }

  @Test func noContentHasNoLength() async throws {
    let (empty, next) = try await exchange { port in
      let client = try Client(port: port)
      client.send(get("/empty") + health)
      return (try client.mustReply(), try client.mustReply())
    }
    #expect(empty.status == 204)
    #expect(empty.headers["content-length"] == nil)
    #expect(next.status == 200)
  }

  @Test func forgedResponseFieldsBecomeAnError() async throws {
    let bytes = try await exchange { port in
      let client = try Client(port: port)
      client.send(get("/forged"))
      return String(decoding: try client.rest(), as: UTF8.self)
    }
    #expect(bytes.hasPrefix("HTTP/1.1 500 "))
    #expect(!bytes.contains("X-B"))
  }

  @Test func http10ClosesUnlessAskedNotTo() async throws {
    let (plain, end, kept, again) = try await exchange { port in
      let client = try Client(port: port)
      client.send("GET /health HTTP/1.0\r\n\r\n")
      let plain = try client.mustReply()
      let end = try client.reply()
      let keeping = try Client(port: port)
      keeping.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let kept = try keeping.mustReply()
      keeping.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      return (plain, end, kept, try keeping.mustReply())
    }
    #expect(plain.headers["connection"] == "close")
    #expect(end == nil)
    #expect(kept.headers["connection"] == "keep-alive")
    #expect(again.status == 200)
  }

  @Test func continueIsSentOnceBeforeTheBody() async throws {
    let (interim, final, next) = try await exchange { port in
      let client = try Client(port: port)
      client.send(post("/length", "Content-Length: 3\r\nExpect: 100-continue\r\n"))
      let interim = try client.mustReply()
      client.send("abc" + health)
      return (interim, try client.mustReply(), try client.mustReply())
    }
    #expect(interim.status == 100)
    #expect(interim.headers.isEmpty)
    #expect(final.text == "3")
    #expect(next.text == "ok")
  }

  @Test func continueIsNotSentForABodyThatIsTooLarge() async throws {
    let reply = try await exchange { port in
      let client = try Client(port: port)
      client.send(post("/length", "Content-Length: 99999999\r\nExpect: 100-continue\r\n"))
      return try client.mustReply()
    }
    #expect(reply.status == 413)
  }

  @Test func chunkedBodyIsWhole() async throws {
    let text = try await exchange { port in
      let client = try Client(port: port)
      client.send(post("/length", "Transfer-Encoding: chunked\r\n"))
      for _ in 0..<100 { client.send("3e8;x=y\r\n" + String(repeating: "a", count: 1000) + "\r\n") }
      client.send("0\r\nX-T: 1\r\n\r\n")
      return try client.mustReply().text
    }
    #expect(text == "100000")
  }

  @Test func requestByteByByte() async throws {
    let text = try await exchange { port in
      let client = try Client(port: port)
      for byte in post("/length", "Content-Length: 5\r\n", "hello").utf8 { client.send([byte]) }
      return try client.mustReply().text
    }
    #expect(text == "5")
  }

  @Test func largestBodyIsFast() async throws {
    let size = 32 << 20
    let (text, took) = try await exchange { port in
      let client = try Client(port: port)
      let body = [UInt8](repeating: 0x61, count: size)
      let start = ContinuousClock.now
      client.send(post("/length", "Content-Length: \(size)\r\n"))
      client.send(body)
      return (try client.mustReply().text, ContinuousClock.now - start)
    }
    #expect(text == "\(size)")
    #expect(took < .seconds(5))
  }

  @Test func earlyRefusalReachesAClientThatIsStillSending() async throws {
    let (reply, sent, end) = try await exchange { port in
      let client = try Client(port: port)
      client.send(post("/length", "Content-Length: \(64 << 20)\r\n"))
      // All of it, without looking: the server must take it or the client never comes to read.
      let sent = client.send([UInt8](repeating: 0x61, count: 64 << 20))
      return (try client.mustReply(), sent, try client.reply())
    }
    #expect(reply.status == 413)
    #expect(reply.headers["connection"] == "close")
    #expect(sent == 64 << 20)
    #expect(end == nil)
  }

  @Test func endlessChunksAreCapped() async throws {
    let reply = try await exchange({ $0.limits.body = 1 << 20 }) { port in
      let client = try Client(port: port)
      client.send(post("/length", "Transfer-Encoding: chunked\r\n"))
      let chunk = [UInt8](("10000\r\n" + String(repeating: "a", count: 65536) + "\r\n").utf8)
      for _ in 0..<40 { client.send(chunk) }
      return try client.mustReply()
    }
    #expect(reply.status == 413)
  }

  @Test func halfCloseAfterTheRequestIsAnswered() async throws {
    let (now, later, end) = try await exchange { port in
      let client = try Client(port: port)
      client.send(health)
      client.halfClose()
      let waiting = try Client(port: port)
      waiting.send(get("/slow?500") + health)
      waiting.halfClose()
      let first = try waiting.mustFinal().reply
      #expect(try waiting.mustReply().text == "ok")
      return (try client.mustReply(), first, try waiting.reply())
    }
    #expect(now.text == "ok")
    #expect(later.text == "slow")
    #expect(end == nil)
  }

  @Test func endOfStreamInsideARequestIs400() async throws {
    let (reply, end) = try await exchange { port in
      let client = try Client(port: port)
      client.send(post("/length", "Content-Length: 5\r\n", "hel"))
      client.halfClose()
      return (try client.mustReply(), try client.reply())
    }
    #expect(reply.status == 400)
    #expect(end == nil)
  }

  /// More than one turn's worth: the others' turns come between, and nothing is left lying.
  @Test func manyPipelinedRequestsAreAllAnswered() async throws {
    let texts = try await exchange { port in
      let client = try Client(port: port)
      var requests = ""
      for _ in 0..<2000 { requests += health }
      client.send(requests)
      return try (0..<2000).map { _ in try client.mustReply().text }
    }
    #expect(texts == Array(repeating: "ok", count: 2000))
  }

  @Test func slowReaderGetsAllAndHoldsUpNobody() async throws {
    let (count, other) = try await exchange { port in
      let slow = try Client(port: port, receiveBuffer: 4096)
      slow.send(get("/big") + health)
      let other = try Client(port: port)
      other.send(health)
      let reply = try other.mustReply()
      let big = try slow.mustReply()
      #expect(try slow.mustReply().text == "ok")
      return (big.body.count, reply.text)
    }
    #expect(count == 16 << 20)
    #expect(other == "ok")
  }
}
