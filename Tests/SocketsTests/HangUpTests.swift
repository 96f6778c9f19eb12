import Glibc
import Sockets
import Testing

/// How a client that is gone is told from one that half-closed and waits for its reply.
@Suite(.serialized) struct HangUpTests {
  /// A client whose request was begun and will not be answered.
  private func hangingClient(_ server: HTTPServer, _ record: Record) async throws -> SendableClient {
    let port = server.port
    let client = try await blocking { () -> SendableClient in
      let client = try Client(port: port)
      client.send(get("/hang"))
      return SendableClient(client)
    }
    #expect(try await record.sees("began hang"))
    return client
  }

  @Test func lateEndOfStreamCancelsTheTask() async throws {
    try await withServer { server, record in
      let client = try await hangingClient(server, record)
      try await Task.sleep(for: .milliseconds(400))
      #expect(record.all("cancelled").isEmpty)
      client.client.close()
      #expect(try await record.sees("cancelled hang"))
    }
  }

  @Test func resetCancelsTheTaskAtOnce() async throws {
    try await withServer({ $0.deadlines.halfCloseWindow = .seconds(60) }) { server, record in
      let client = try await hangingClient(server, record)
      client.client.reset()
      #expect(try await record.sees("cancelled hang"))
    }
  }

  @Test(arguments: [0, 100])
  func closingSoonAfterSendingCancelsTheTask(milliseconds: Int) async throws {
    let lines = try await withServer { server, record in
      let port = server.port
      let closed = try await blocking {
        let client = try Client(port: port)
        client.send(post("/hang", "Content-Length: 2\r\n", "{}"))
        usleep(UInt32(milliseconds) * 1000)
        client.close()
        return ContinuousClock.now
      }
      #expect(try await record.sees("cancelled hang"))
      #expect(ContinuousClock.now - closed < .seconds(10))
      await server.stop(drain: .zero)
      return record.all("finished")
    }
    #expect(lines == ["finished POST /hang 499 2 0 hungUp"])
  }

  @Test func halfCloseIsAnsweredAfterInterimResponses() async throws {
    let (final, end) = try await exchange { port in
      let client = try Client(port: port)
      client.send(get("/slow?1500"))
      client.halfClose()
      return (try client.mustFinal(), try client.reply())
    }
    #expect(final.reply.text == "slow")
    // After a moment, and after a second more.
    #expect(final.interims == 2)
    #expect(end == nil)
  }

  /// A client that ends its side late is asked at once whether it is there, not given up.
  @Test func aLateHalfCloseIsAnswered() async throws {
    let (final, end) = try await exchange { port in
      let client = try Client(port: port)
      client.send(get("/slow?900"))
      usleep(400_000)
      client.halfClose()
      return (try client.mustFinal(), try client.reply())
    }
    #expect(final.reply.text == "slow")
    #expect(final.interims == 1)
    #expect(end == nil)
  }

  @Test func aRequestThatBreaksOffIsTold() async throws {
    try await withServer { server, record in
      let port = server.port
      try await blocking {
        let client = try Client(port: port)
        client.send(post("/length", "Content-Length: 5\r\n", "he"))
        usleep(100_000)
        client.reset()
      }
      #expect(try await record.sees("finished POST /length 499 2 0 hungUp"))
    }
  }

  @Test func interimResponsesEndWithTheRepeats() async throws {
    let final = try await exchange({
      $0.deadlines.presenceRepeats = [.milliseconds(50), .milliseconds(150)]
    }) { port in
      let client = try Client(port: port)
      client.send(get("/slow?800"))
      client.halfClose()
      return try client.mustFinal()
    }
    #expect(final.reply.text == "slow")
    #expect(final.interims == 3)
  }

  @Test func aRepeatFindsAClientThatClosesAfterItsHalfClose() async throws {
    try await withServer({ $0.deadlines.presenceRepeats = [.milliseconds(300)] }) { server, record in
      let port = server.port
      try await blocking {
        let client = try Client(port: port)
        client.send(get("/hang"))
        client.halfClose()
        // Read, so that closing does not reset the connection by itself.
        #expect(try client.mustReply().status == 100)
        client.close()
      }
      #expect(record.all("cancelled").isEmpty)
      #expect(try await record.sees("cancelled hang"))
    }
  }

  @Test func eachPipelinedReplyIsLookedAfter() async throws {
    let (first, second) = try await exchange { port in
      let client = try Client(port: port)
      client.send(get("/slow?600") + get("/slow?601"))
      client.halfClose()
      return (try client.mustFinal(), try client.mustFinal())
    }
    #expect(first.interims == 1)
    #expect(second.interims == 1)
    #expect(second.reply.text == "slow")
  }

  @Test func openClientsGetNoInterimResponse() async throws {
    let reply = try await exchange { port in
      let client = try Client(port: port)
      client.send(get("/slow?1200"))
      return try client.mustReply()
    }
    #expect(reply.text == "slow")
  }

  @Test func http10GetsNoInterimResponse() async throws {
    let (reply, end) = try await exchange { port in
      let client = try Client(port: port)
      client.send("GET /slow?1500 HTTP/1.0\r\n\r\n")
      client.halfClose()
      return (try client.mustReply(), try client.reply())
    }
    #expect(reply.text == "slow")
    #expect(end == nil)
  }
}

/// Hands a client from one thread to another.
///
/// `@unchecked`: the giving thread keeps no reference, so only one thread uses it at a time.
final class SendableClient: @unchecked Sendable {
  let client: Client

  init(_ client: Client) { self.client = client }
}
