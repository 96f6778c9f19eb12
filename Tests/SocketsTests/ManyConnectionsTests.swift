import Glibc
import Sockets
import Testing

/// What concerns the limits and the memory of the whole process, each in a process of its own.
@Suite(.serialized) struct ManyConnectionsTests {
  @Test func idleAndSlowConnectionsTakeLittleAndGiveItBack() async {
    await #expect(processExitsWith: .success) {
      await exiting {
        FileLimits.raise(to: 8192)
        try await withServer { server, _ in
          let port = server.port
          // What is made once is made first.
          try await blocking { try serveMany(port: port, idle: 100, slow: 20) {} }
          try require(try await comes { server.statistics.open == 0 }, "all closed")
          try await Task.sleep(for: .seconds(2))
          let before = residentBytes()
          try await blocking {
            try serveMany(port: port, idle: 2000, slow: 200) {
              try require(server.statistics.open == 2201, "2201 open, not \(server.statistics)")
              // The clients' side is in this process too, but holds next to nothing.
              let each = (residentBytes() - before) / 2200
              try require(each < 40 << 10, "under 40 KiB a connection, not \(each)")
            }
          }
          var after = 0
          for _ in 0..<50 {
            try await Task.sleep(for: .milliseconds(100))
            after = residentBytes()
            if after - before < 4 << 20 { return }
          }
          try require(false, "memory back, not \(after - before) bytes more")
        }
      }
    }
  }

  @Test func theLimitOnDescriptorsIsRaisedAndKept() async {
    await #expect(processExitsWith: .success) {
      await exiting {
        setDescriptorLimit(256)
        try await withServer { server, record in
          try require(
            try await record.sees(
              "log warning at most 128 connections, since only 256 descriptors are allowed"), "a warning")
        }
        try require(FileLimits.raise(to: 300) == 300, "as many as wanted")
        try require(FileLimits.raise(to: 100) == 300, "never fewer")
        try require(FileLimits.raise(to: -1) == 300, "never fewer")
        let most = FileLimits.raise(to: .max)
        try require(most > 300 && FileLimits.raise() == most, "the hard limit")
      }
    }
  }

  @Test func connectionsAreCounted() async throws {
    try await withServer({ $0.maxConnections = 2 }) { server, _ in
      let port = server.port
      let clients = try await blocking {
        let clients = try (0..<5).map { _ in SendableClient(try Client(port: port)) }
        for surplus in clients.dropFirst(2) {
          let status = try surplus.client.mustReply().status
          #expect(status == 503)
        }
        return clients
      }
      #expect(try await comes { server.statistics.accepted == 5 })
      #expect(server.statistics.open == 5)
      #expect(server.statistics.refused == 3)
      for open in clients { open.client.close() }
      #expect(try await comes { server.statistics.open == 0 })
    }
  }
}

private func serveMany(port: Int, idle: Int, slow: Int, _ meanwhile: () throws -> Void) throws {
  var clients: [Client] = []
  for number in 0..<(idle + slow) {
    let client = try Client(port: port)
    clients.append(client)
    if number < idle {
      client.send(health)
      try require(try client.mustReply().status == 200, "an answer")
    } else if number.isMultiple(of: 2) {
      client.send("GET /health HTTP/1.1\r\nHost: h\r\nX-A: ")
    } else {
      client.send(post("/length", "Content-Length: 200000\r\n"))
      client.send([UInt8](repeating: 0x61, count: 100_000))
    }
  }
  let one = try Client(port: port)
  one.send(health)
  try require(try one.mustReply().text == "ok", "an answer among \(clients.count)")
  try meanwhile()
}
