import JSON
import Telemetry
import Testing

@Suite struct AccessLogTests {
  private static let plain = AccessRecord(
    id: "abc", remote: "::1", method: "GET", path: "/health", status: 200, sentBytes: 7, milliseconds: 0.04)

  private static let picture: AccessRecord = {
    var record = AccessRecord(
      id: "job", remote: "127.0.0.1", method: "POST", path: "/generate", status: 200, receivedBytes: 90,
      sentBytes: 1_000_000, isComplete: false, milliseconds: 12_345.678)
    var job = JobTimes()
    (job.queue, job.swap, job.load, job.denoise, job.steps) = (1, 2.25, 3, 560, 28)
    (record.job, record.client, record.route) = (job, "anna", "/generate")
    return record
  }()

  @Test func lines() {
    #expect(Self.plain.line == "GET /health 200 id=abc remote=::1 bytes_in=0 bytes=7 total_ms=0.0")
    #expect(
      Self.picture.line == """
        POST /generate 200 id=job remote=127.0.0.1 client=anna route=/generate bytes_in=90 bytes=1000000 \
        total_ms=12345.7 incomplete queue_ms=1.0 swap_ms=2.3 load_ms=3.0 step_ms=20.0 steps=28
        """)
  }

  @Test(arguments: [(Double.infinity, "1000000000000.0"), (-1, "0.0"), (0.05, "0.1")])
  func timesAreFinite(milliseconds: Double, text: String) {
    var record = Self.plain
    record.milliseconds = milliseconds
    #expect(record.line.hasSuffix("total_ms=\(text)"))
  }

  @Test func everyRecordIsALine() {
    let lines = WrittenLines()
    let log = lines.log(.text)
    for _ in 0..<100 { AccessLog(log).write(Self.plain) }
    log.flush(within: .seconds(10))
    #expect(lines.all.count == 100)
    #expect(lines.all.allSatisfy { $0.hasSuffix("Z info \(Self.plain.line)") })
  }

  @Test func inJSON() throws {
    let lines = WrittenLines()
    let log = lines.log(.json)
    for record in [Self.plain, Self.picture] { AccessLog(log).write(record) }
    log.flush(within: .seconds(10))
    let parsed = try lines.all.map { try JSONValue.parse(Array($0.utf8)) }
    let keys = [
      "ts", "level", "event", "id", "remote", "client", "method", "path", "route", "status", "bytes_in",
      "bytes", "total_ms", "incomplete",
    ]
    try #require(parsed.count == 2)
    #expect(parsed[0].objectValue?.members.map(\.key) == keys)
    #expect(
      parsed[1].objectValue?.members.map(\.key) == keys
        + ["queue_ms", "swap_ms", "load_ms", "step_ms", "steps"])
    #expect((parsed[0]["client"], parsed[0]["status"], parsed[0]["total_ms"]) == (.null, 200, 0.0))
    #expect((parsed[1]["client"], parsed[1]["event"], parsed[1]["total_ms"]) == ("anna", "request", 12_345.7))
    #expect((parsed[1]["step_ms"], parsed[1]["steps"], parsed[1]["incomplete"]) == (20.0, 28, true))
  }
}
