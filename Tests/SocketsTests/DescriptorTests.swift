import Glibc
import Sockets
import Testing

/// What concerns the descriptors of the whole process, each in a process of its own.
@Suite(.serialized) struct DescriptorTests {
  @Test func exhaustionPausesAcceptingAndEnds() async {
    await #expect(processExitsWith: .success) {
      await exiting {
        try await withServer { server, record in
          let port = server.port
          // The client's own descriptor must exist before they run out.
          let client = try Client(port: port, connecting: false)
          // Timers open descriptors of their own when they are first used.
          try await Task.sleep(for: .milliseconds(20))
          let hoarded = hoard()
          try client.connect(port: port)
          client.send(health)
          let before = processorTime()
          try require(
            try await record.sees("log warning accepting pauses: accept: Too many open files"), "a warning")
          try await Task.sleep(for: .milliseconds(500))
          // A loop that spins would burn the half second, or fill the log.
          try require(processorTime() - before < .milliseconds(200), "no spinning")
          try require(record.all("log warning").count < 10, "few warnings")
          for descriptor in hoarded { close(descriptor) }
          let waiting = SendableClient(client)
          let reply = try await blocking { try waiting.client.mustReply() }
          try require(reply.text == "ok", "an answer at last")
        }
      }
    }
  }

  @Test func clientsThatVanishLeaveNothingBehind() async {
    await #expect(processExitsWith: .success) {
      await exiting {
        // The first server leaves behind what the libraries open once.
        try await serveVanishing()
        let before = openDescriptors()
        try await serveVanishing()
        // The server's thread gives its own back a moment after it has stopped.
        for _ in 0..<100 where openDescriptors() > before { usleep(10_000) }
        try require(openDescriptors() <= before, "\(openDescriptors()) open, \(before) before")
      }
    }
  }
}

private func serveVanishing() async throws {
  try await withServer { server, _ in
    let port = server.port
    try await blocking {
      for round in 0..<80 { try vanish(port: port, round: round) }
      let idle = try (0..<200).map { _ in try Client(port: port) }
      for client in idle { client.send(health) }
      for client in idle { try require(try client.mustReply().status == 200, "an answer") }
      // A part of a body each, and then nothing.
      let stuck = try (0..<50).map { _ in try Client(port: port) }
      for client in stuck {
        client.send(post("/length", "Content-Length: 20000000\r\n"))
        client.send([UInt8](repeating: 0x61, count: 100_000))
      }
      idle[0].send(health)
      try require(try idle[0].mustReply().status == 200, "an answer among stuck bodies")
    }
  }
}

private func vanish(port: Int, round: Int) throws {
  let client = try Client(port: port)
  switch round % 4 {
  case 0: break
  case 1: client.send("GET /hea")
  case 2: client.send(post("/length", "Transfer-Encoding: chunked\r\n", "5\r\nhe"))
  default:
    client.send(post("/length", "Content-Length: 5\r\n", "hello"))
    client.reset()
  }
  client.close()
}

private func openDescriptors() -> Int {
  (0..<4096).count { fcntl(Int32($0), F_GETFD) >= 0 }
}

private func processorTime() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

/// Takes every free descriptor of the process, with a low limit so that this is quick.
private func hoard() -> [Int32] {
  setDescriptorLimit(256)
  var descriptors: [Int32] = []
  while true {
    let descriptor = dup(1)
    if descriptor < 0 { return descriptors }
    descriptors.append(descriptor)
  }
}
