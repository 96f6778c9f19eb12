import Logging
import Synchronization
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

  @Test func everyRecordIsALine() async {
    let lines = Lines()
    let log = AccessLog(Logger(label: "test") { _ in lines.handler(.info) })
    for _ in 0..<100 { log.write(Self.plain) }
    await log.finish()
    #expect(log.isOn)
    #expect(lines.all == [String](repeating: Self.plain.line, count: 100))
  }

  @Test func aQuietLoggerGetsNone() async {
    let lines = Lines()
    let log = AccessLog(Logger(label: "test") { _ in lines.handler(.notice) })
    log.write(Self.plain)
    await log.finish()
    #expect(!log.isOn)
    #expect(lines.all.isEmpty)
  }
}

private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func handler(_ level: Logger.Level) -> any LogHandler { Handler(lines: self, logLevel: level) }

  private struct Handler: LogHandler {
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.lines.withLock { $0.append("\(event.message)") } }
  }
}
