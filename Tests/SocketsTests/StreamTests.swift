import Glibc
import HTTP
import Sockets
import Testing

@Suite(.serialized) struct StreamTests {
  private static let chunks = "9\r\naaaaaaaaa\r\n9\r\naaaaaaaaa\r\n0\r\n\r\n"

  @Test func piecesAreChunksAndTheConnectionGoesOn() async throws {
    let text = try await exchange { port in
      let client = try Client(port: port)
      client.send(get("/stream") + get("/health", "Connection: close\r\n"))
      return String(decoding: try client.rest(), as: UTF8.self)
    }
    let parts = text.components(of: Self.chunks)
    try #require(parts.count == 2, "\(text)")
    #expect(parts[0].hasPrefix("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: "))
    #expect(parts[1].hasPrefix("HTTP/1.1 200 OK\r\n") && parts[1].hasSuffix("\r\n\r\nok"))
  }

  @Test func theBodyComesBeforeTheStream() async throws {
    let text = try await exchange { port in
      let client = try Client(port: port)
      client.send(get("/later-stream", "Connection: close\r\n"))
      return String(decoding: try client.rest(), as: UTF8.self)
    }
    #expect(text.hasSuffix("\r\n\r\n1\r\n>\r\n9\r\naaaaaaaaa\r\n0\r\n\r\n"), "\(text)")
  }

  @Test func http10EndsWithTheConnection() async throws {
    let text = try await exchange { port in
      let client = try Client(port: port)
      client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      return String(decoding: try client.rest(), as: UTF8.self)
    }
    #expect(text.contains("Connection: close\r\n") && !text.contains("Transfer-Encoding"))
    #expect(text.hasSuffix("\r\n\r\naaaaaaaaaaaaaaaaaa"), "\(text)")
  }

  @Test func headHasNoBody() async throws {
    let (lines, text) = try await withServer { server, record in
      let port = server.port
      let text = try await blocking {
        let client = try Client(port: port)
        client.send("HEAD /endless HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        return String(decoding: try client.rest(), as: UTF8.self)
      }
      return (record.all("stream"), text)
    }
    #expect(text.hasSuffix("\r\n\r\n") && text.contains("chunked"))
    #expect(lines == ["stream hung up"])
  }

  @Test func aSlowReaderSlowsTheMaker() async throws {
    let made = try await withServer { server, record in
      let port = server.port
      let client = try await blocking { () -> SendableClient in
        let client = try Client(port: port, receiveBuffer: 4096)
        client.send(get("/endless"))
        return SendableClient(client)
      }
      try await Task.sleep(for: .milliseconds(500))
      let made = record.all("made").count
      client.client.close()
      #expect(try await record.sees("stream hung up"))
      return made
    }
    // A hundred pieces are 1.6 MB; the kernel's own buffers may take some of them.
    #expect(made <= 4)
  }

  @Test func aClientThatGoesEndsASilentStream() async throws {
    let lines = try await withServer({ $0.deadlines.halfCloseWindow = .zero }) { server, record in
      let port = server.port
      let client = try await blocking { () -> SendableClient in
        let client = try Client(port: port)
        client.send(get("/silent"))
        return SendableClient(client)
      }
      #expect(try await record.sees("began silence"))
      client.client.close()
      #expect(try await record.sees("cancelled silence"))
      #expect(record.all("stream") == ["stream hung up"])
      return record.all("finished")
    }
    #expect(lines == ["finished GET /silent 200 0 1 hungUp"])
  }

  @Test func stoppingCancelsAStream() async throws {
    let (text, lines) = try await withServer { server, record in
      let port = server.port
      async let text = blocking {
        let client = try Client(port: port)
        client.send(get("/silent"))
        return String(decoding: try client.rest(), as: UTF8.self)
      }
      #expect(try await record.sees("began silence"))
      await server.stop(drain: .zero)
      return (try await text, record.all("stream"))
    }
    #expect(text.hasSuffix("1\r\n>\r\n0\r\n\r\n"), "\(text)")
    #expect(lines.isEmpty)
  }
}

@Suite(.serialized) struct AccountTests {
  @Test func everyRequestIsToldOnce() async throws {
    let lines = try await withServer { server, record in
      let port = server.port
      try await blocking {
        let client = try Client(port: port)
        client.send(get("/health?token=secret") + post("/length", "Content-Length: 3\r\n", "abc"))
        client.send(get("/account") + get("/stream?2") + get("/no/%20[0m") + "rubbish\r\n\r\n")
        _ = try client.rest()
      }
      return record.all("finished")
    }
    #expect(
      lines == [
        "finished GET /health 200 0 2 sent", "finished POST /length 200 3 1 sent",
        "finished GET /account 200 0 4 sent kept", "finished GET /stream 200 0 9 sent",
        "finished GET /no/%20[0m 404 0 12 sent", "finished - - 400 0 57 sent",
      ])
  }

  @Test func aReaderThatGoesIsToldWithWhatItTook() async throws {
    let lines = try await withServer { server, record in
      let port = server.port
      try await blocking {
        let client = try Client(port: port, receiveBuffer: 4096)
        client.send(get("/big"))
        #expect(!client.isQuiet(milliseconds: 10_000))
        usleep(100_000)
        client.reset()
      }
      for _ in 0..<200 where record.all("finished").isEmpty { try await Task.sleep(for: .milliseconds(10)) }
      return record.all("finished")
    }
    let line = try #require(lines.first?.wholeMatch(of: /finished GET \/big 200 0 (\d+) hungUp/))
    #expect(lines.count == 1)
    #expect((1..<(16 << 20)).contains(Int(line.1) ?? 0))
  }

  @Test func aRefusedHeadIsAnsweredUnread() async throws {
    let (reply, rest, lines) = try await withServer { server, record in
      let port = server.port
      let (reply, rest) = try await blocking {
        let client = try Client(port: port)
        client.send(
          post("/closed", "Content-Length: 9\r\nExpect: 100-continue\r\nX-Request-Id: me\r\n", "abc"))
        return (try client.mustReply(), try client.rest())
      }
      return (reply, rest, record.all("finished"))
    }
    #expect((reply.status, reply.text, reply.headers["connection"]) == (401, "not you, me", "close"))
    #expect(rest.isEmpty)
    #expect(lines == ["finished POST /closed 401 0 11 sent"])
  }

  @Test(arguments: [("0", ""), ("3", "abc")])
  func aShortBodyIsReadBeforeItIsRefused(length: String, body: String) async throws {
    let (reply, next) = try await exchange { port in
      let client = try Client(port: port)
      client.send(post("/closed", "Content-Length: \(length)\r\n", body) + health)
      return (try client.mustReply(), try client.mustReply())
    }
    #expect((reply.status, next.text) == (404, "ok"))
  }
}

extension String {
  /// The parts between the occurrences of `separator`.
  fileprivate func components(of separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}
