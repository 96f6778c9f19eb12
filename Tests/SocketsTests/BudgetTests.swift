import HTTP
import Sockets
import Testing

/// What the bodies of all requests may take together.
@Suite struct BudgetTests {
  @Test func aBodyThatDoesNotFitIs503() async throws {
    try await withServer({ $0.bodyBudget = 1 << 20 }) { server, _ in
      let first = SendableClient(try await nearlySent(400_000, to: server, total: 400_000))
      let second = SendableClient(try await nearlySent(400_000, to: server, total: 800_000))
      let port = server.port
      try await blocking {
        // By its length alone, without reading on; and as it comes, where no length tells.
        let announced = try Client(port: port)
        announced.send(post("/length", "Content-Length: 400000\r\n"))
        try expectRefused(announced)
        let chunked = try Client(port: port)
        chunked.send(
          post(
            "/length", "Transfer-Encoding: chunked\r\n", "60000\r\n" + String(repeating: "a", count: 0x60000))
        )
        try expectRefused(chunked)
        // One that is refused keeps nothing, and a short body is never refused.
        let short = try Client(port: port)
        short.send(post("/length", "Content-Length: 5\r\n", "hello"))
        #expect(try short.mustReply().text == "5")
        first.client.send("a")
        #expect(try first.client.mustReply().text == "400000")
        let next = try Client(port: port)
        next.send(post("/length", "Content-Length: 400000\r\n", String(repeating: "a", count: 400_000)))
        #expect(try next.mustReply().text == "400000")
        second.client.send("a")
        #expect(try second.client.mustReply().text == "400000")
      }
      #expect(try await comes { server.statistics.bodyBytes == 0 })
    }
  }

  @Test func aBodyCountsUntilItsWorkIsDone() async throws {
    try await withServer { server, record in
      let port = server.port
      let body = String(repeating: "a", count: 300_000)
      let client = SendableClient(try Client(port: port))
      client.client.send(post("/slow?700", "Content-Length: 300000\r\n", body))
      #expect(try await record.sees("began slow"))
      #expect(server.statistics.bodyBytes >= 300_000)
      #expect(try await blocking { try client.client.mustReply().text } == "slow")
      #expect(try await comes { server.statistics.bodyBytes == 0 })
      // A client that hangs up ends the work, and that the charge.
      let gone = SendableClient(try Client(port: port))
      gone.client.send(post("/hang", "Content-Length: 300000\r\n", body))
      #expect(try await record.sees("began hang"))
      gone.client.reset()
      #expect(try await record.sees("cancelled hang"))
      #expect(try await comes { server.statistics.bodyBytes == 0 })
    }
  }

  @Test func whatIsRefusedGivesItsBytesBack() async throws {
    try await withServer({ $0.limits.body = 500_000 }) { server, _ in
      let port = server.port
      let client = SendableClient(try Client(port: port))
      try await blocking {
        let piece = "60000\r\n" + String(repeating: "a", count: 0x60000) + "\r\n"
        client.client.send(post("/length", "Transfer-Encoding: chunked\r\n", piece + piece))
        let status = try client.client.mustReply().status
        #expect(status == 413)
      }
      // The connection lingers, without the body.
      #expect(try await comes { server.statistics.bodyBytes == 0 })
      #expect(server.statistics.open == 1)
      client.client.close()
    }
  }

  /// A connection whose body of `length` lacks its last byte.
  private func nearlySent(_ length: Int, to server: HTTPServer, total: Int) async throws -> Client {
    let client = try Client(port: server.port)
    client.send(
      post("/length", "Content-Length: \(length)\r\n", String(repeating: "a", count: length - 1)))
    #expect(try await comes { server.statistics.bodyBytes >= total })
    // No more is taken than the length that was declared.
    #expect(server.statistics.bodyBytes < total + total / 10)
    return client
  }
}

private func expectRefused(_ client: Client) throws {
  let reply = try client.mustReply()
  #expect(reply.status == 503)
  #expect(reply.headers["retry-after"] == "1")
  #expect(reply.headers["connection"] == "close")
  #expect(try client.reply() == nil)
}

/// Waits until `condition` holds; false after five seconds.
func comes(_ condition: () -> Bool) async throws -> Bool {
  for _ in 0..<500 {
    if condition() { return true }
    try await Task.sleep(for: .milliseconds(10))
  }
  return false
}
