import Glibc
import Logging
import Sockets
import Testing

/// Deadlines, caps and stopping.
@Suite(.serialized) struct LimitTests {
  @Test func slowHeaderIs408() async throws {
    let (reply, end, took) = try await exchange({ $0.deadlines.header = .milliseconds(300) }) { port in
      let client = try Client(port: port)
      let start = ContinuousClock.now
      client.send("GET /health HTTP/1.1\r\n")
      // Dripping does not help: the deadline is for the whole head.
      for _ in 0..<20 where client.isQuiet(milliseconds: 50) { client.send("X") }
      return (try client.mustReply(), try client.reply(), ContinuousClock.now - start)
    }
    #expect(reply.status == 408)
    #expect(reply.headers["connection"] == "close")
    #expect(end == nil)
    #expect(took >= .milliseconds(290))
    #expect(took < .seconds(3))
  }

  @Test func slowBodyIs408() async throws {
    let reply = try await exchange({
      $0.deadlines.body = .milliseconds(200)
      $0.deadlines.bodyRate = 1000
    }) { port in
      let client = try Client(port: port)
      let start = ContinuousClock.now
      client.send(post("/length", "Content-Length: 200\r\n", "a"))
      let reply = try client.mustReply()
      // 200 ms, and 200 ms more for 200 bytes at 1000 bytes a second.
      #expect(ContinuousClock.now - start >= .milliseconds(390))
      return reply
    }
    #expect(reply.status == 408)
  }

  @Test func idleConnectionIsClosedInSilence() async throws {
    let (before, after) = try await exchange({ $0.deadlines.idle = .milliseconds(200) }) { port in
      let fresh = try Client(port: port)
      let used = try Client(port: port)
      used.send(health)
      _ = try used.mustReply()
      return (try fresh.rest(), try used.rest())
    }
    #expect(before.isEmpty)
    #expect(after.isEmpty)
  }

  @Test func eachAnswerStartsTheIdleTimeAnew() async throws {
    let (statuses, rest) = try await exchange({ $0.deadlines.idle = .seconds(1) }) { port in
      let client = try Client(port: port)
      // Two seconds in all, but never one without a request.
      let statuses = try (0..<8).map { _ in
        usleep(250_000)
        client.send(health)
        return try client.mustReply().status
      }
      return (statuses, try client.rest())
    }
    #expect(statuses == Array(repeating: 200, count: 8))
    #expect(rest.isEmpty)
  }

  @Test func aRequestUnderWayIsNotIdle() async throws {
    let text = try await exchange({ $0.deadlines.idle = .milliseconds(100) }) { port in
      let client = try Client(port: port)
      client.send(get("/slow?500"))
      return try client.mustReply().text
    }
    #expect(text == "slow")
  }

  @Test func readerThatStopsIsDropped() async throws {
    let took = try await exchange({ $0.deadlines.writeStall = .milliseconds(300) }) { port in
      let client = try Client(port: port, receiveBuffer: 4096)
      client.send(get("/big"))
      usleep(1_200_000)
      let start = ContinuousClock.now
      // What the kernels hold arrives, and then the stream ends, far from complete.
      let count = (try? client.rest().count) ?? 0
      #expect(count < 16 << 20)
      return ContinuousClock.now - start
    }
    #expect(took < .seconds(5))
  }

  @Test func connectionsOverTheCapAreTold503() async throws {
    try await exchange({ $0.maxConnections = 2 }) { port in
      let first = try Client(port: port)
      let second = try Client(port: port)
      first.send(health)
      second.send(health)
      #expect(try first.mustReply().status == 200)
      #expect(try second.mustReply().status == 200)
      for _ in 0..<5 {
        let third = try Client(port: port)
        third.send(health)
        let reply = try third.mustReply()
        #expect(reply.status == 503)
        #expect(reply.headers["retry-after"] == "1")
        #expect(reply.headers["connection"] == "close")
        #expect(try third.reply() == nil)
      }
      // Those served before are served still, and a free place is taken.
      first.send(health)
      #expect(try first.mustReply().status == 200)
      second.close()
      for attempt in 0..<50 {
        let next = try Client(port: port)
        next.send(health)
        if try next.mustReply().status == 200 { return }
        #expect(attempt < 49)
        usleep(10_000)
      }
    }
  }

  @Test func moreSurplusConnectionsThanRefusalsAreAllAnswered() async throws {
    let statuses = try await exchange({
      $0.maxConnections = 1
      $0.deadlines.lingerIdle = .milliseconds(100)
    }) { port in
      let first = try Client(port: port)
      first.send(health)
      _ = try first.mustReply()
      // Nobody reads, so refused connections linger until their deadline.
      let others = try (0..<150).map { _ in try Client(port: port) }
      return try others.map { try $0.mustReply().status }
    }
    #expect(statuses == Array(repeating: 503, count: 150))
  }

  @Test func stopFinishesWhatIsUnderWay() async throws {
    let (reply, idleEnd, refused) = try await withServer { server, record in
      let port = server.port
      async let outcome = blocking { () -> (Reply, Reply?, Reply?) in
        let idle = try Client(port: port)
        idle.send(health)
        _ = try idle.mustReply()
        let busy = try Client(port: port)
        busy.send(get("/slow?600"))
        let idleEnd = try idle.reply()
        return (try busy.mustReply(), idleEnd, try busy.reply())
      }
      #expect(try await record.sees("began slow"))
      let start = ContinuousClock.now
      await server.stop(drain: .seconds(10))
      #expect(ContinuousClock.now - start >= .milliseconds(300))
      #expect(ContinuousClock.now - start < .seconds(4))
      await #expect(throws: ClientError.self) { try await blocking { _ = try Client(port: port) } }
      return try await outcome
    }
    #expect(reply.text == "slow")
    #expect(reply.headers["connection"] == "close")
    #expect(idleEnd == nil)
    #expect(refused == nil)
  }

  @Test("A reply that was on its way when the server was stopped arrives whole; then its connection closes")
  func stopClosesAfterTheReplyOnItsWay() async throws {
    let (reply, end) = try await withServer { server, record in
      let port = server.port
      async let outcome = blocking { () -> (Reply, Reply?) in
        let client = try Client(port: port, receiveBuffer: 4096)
        client.send(get("/big"))
        while client.isQuiet(milliseconds: 100) {}
        record.note("reply begun")
        // Until nobody listens any more: then the server stops.
        while (try? Client(port: port)) != nil { usleep(1000) }
        return (try client.mustReply(), try client.reply())
      }
      #expect(try await record.sees("reply begun"))
      await server.stop(drain: .seconds(60))
      return try await outcome
    }
    // Its head has promised to keep the connection.
    #expect(reply.headers["connection"] == nil)
    #expect(reply.body.count == 16 << 20)
    #expect(end == nil)
  }

  @Test func stopCancelsWhatTakesTooLong() async throws {
    let reply = try await withServer { server, record in
      let port = server.port
      async let outcome = blocking { () -> Reply in
        let busy = try Client(port: port)
        busy.send(get("/hang"))
        return try busy.mustReply()
      }
      #expect(try await record.sees("began hang"))
      await server.stop(drain: .milliseconds(200))
      #expect(try await record.sees("cancelled hang"))
      return try await outcome
    }
    #expect(reply.status == 503)
  }

  @Test func stopIsSafeAtAnyTime() async throws {
    let server = try HTTPServer(
      configuration: ServerConfiguration(host: "localhost", port: 0), handler: Routes(record: Record()),
      logger: Logger(label: "test") { _ in RecordingLog(record: Record()) })
    await server.stop(drain: .seconds(5))
    await server.stop(drain: .seconds(5))
    server.start()
  }

  @Test func aPortInUseAndABadHostAreErrors() async throws {
    try await withServer { server, _ in
      let logger = Logger(label: "test") { _ in RecordingLog(record: Record()) }
      let routes = Routes(record: Record())
      for (host, port, code) in [
        ("127.0.0.1", server.port, EADDRINUSE), ("example.com", 0, EINVAL), ("127.0.0.1", 70000, EINVAL),
        ("", 0, EINVAL),
      ] {
        let error = #expect(throws: SocketError.self) {
          _ = try HTTPServer(
            configuration: ServerConfiguration(host: host, port: port), handler: routes, logger: logger)
        }
        #expect(error?.code == code, "\(host)")
      }
    }
  }
}
