import Dispatch
import Foundation
import JSON
import Logging
import Synchronization
import Testing

@testable import Telemetry

@Suite struct LineLogTests {
  @Test func linesComeWholeAndInOrder() {
    let lines = WrittenLines()
    let log = lines.log(.text)
    for number in 0..<1000 { log.write { Array("line \(number)".utf8) } }
    log.flush()
    #expect(lines.all == (0..<1000).map { "line \($0)" })
    #expect(log.lostLines == 0)
  }

  @Test func aStuckLogHoldsNobodyUp() {
    let gate = DispatchSemaphore(value: 0)
    let written = Atomic<Int>(0)
    let log = LineLog(format: .text, capacity: 10) { _ in
      gate.wait()
      written.wrappingAdd(1, ordering: .relaxed)
      return true
    }
    for _ in 0..<25 { log.write { [] } }
    #expect(log.lostLines == 15)
    let start = ContinuousClock.now
    log.flush(within: .milliseconds(20))
    #expect(ContinuousClock.now - start < .seconds(5))
    for _ in 0..<10 { gate.signal() }
    log.flush(within: .seconds(10))
    #expect(written.load(ordering: .relaxed) == 10)
    gate.signal()
    log.write { [] }
    log.flush(within: .seconds(10))
    #expect((written.load(ordering: .relaxed), log.lostLines) == (11, 15))
  }

  @Test func aReaderThatIsGoneIsNoError() throws {
    let (pipe, closed) = (Pipe(), Pipe())
    signal(SIGPIPE, SIG_IGN)
    try closed.fileHandleForReading.close()
    let lost = LineLog(descriptor: closed.fileHandleForWriting.fileDescriptor, format: .text)
    lost.write { Array("x".utf8) }
    lost.flush(within: .seconds(10))
    #expect(lost.lostLines == 1)
    let log = LineLog(descriptor: pipe.fileHandleForWriting.fileDescriptor, format: .text)
    log.write { Array("x".utf8) }
    log.flush(within: .seconds(10))
    #expect(try pipe.fileHandleForReading.read(upToCount: 2) == Data("x\n".utf8))
  }
}

@Suite struct LineLogHandlerTests {
  private func lines(_ format: LogFormat, _ level: Logger.Level = .info, _ use: (Logger) -> Void) -> [String]
  {
    let lines = WrittenLines()
    let log = lines.log(format)
    use(Logger(label: "test") { _ in LineLogHandler(log, level: level) })
    log.flush(within: .seconds(10))
    return lines.all
  }

  @Test func text() throws {
    let lines = lines(.text) { logger in
      logger.notice(
        "the engine started", metadata: ["pid": "7", "why": "it \"died\"", "a": ["x", "y"], "e": ""])
      logger.error("two\nlines\u{1B}[31m", metadata: ["k\n": "v\nw"])
      logger.debug("not wanted")
    }
    let words = lines.map { $0.split(separator: " ", maxSplits: 1).last.map(String.init) }
    #expect(
      words == [
        #"notice the engine started a=["x","y"] e="" pid=7 why="it \"died\"""#,
        #"error two\nlines\u{1B}[31m k\n="v\nw""#,
      ])
  }

  @Test func json() throws {
    let lines = lines(.json, .debug) { logger in
      var logger = logger
      logger[metadataKey: "part"] = "engine"
      logger.debug("two\nlines", metadata: ["n": "1", "d": ["b": "2", "a": "1"], "level": "mine"])
    }
    let line = try JSONValue.parse(Array(try #require(lines.first).utf8))
    #expect(line.objectValue?.members.map(\.key) == ["ts", "level", "event", "d", "n", "part"])
    #expect((line["level"], line["event"]) == ("debug", "two\nlines"))
    #expect((line["d"], line["part"]) == (["a": "1", "b": "2"], "engine"))
  }

  /// Against `date -u`.
  @Test(arguments: [
    (0, 0, "1970-01-01T00:00:00.000Z"), (951_782_400, 999_999_999, "2000-02-29T00:00:00.999Z"),
    (1_700_000_000, 5_000_000, "2023-11-14T22:13:20.005Z"),
  ])
  func times(seconds: Int, nanoseconds: Int, text: String) {
    #expect("\(LogTime(seconds: seconds, nanoseconds: nanoseconds))" == text)
  }
}

/// What a log has written.
final class WrittenLines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func log(_ format: LogFormat) -> LineLog {
    LineLog(format: format) { [self] line in
      lines.withLock { $0.append(String(decoding: line.dropLast(), as: UTF8.self)) }
      return line.last == UInt8(ascii: "\n")
    }
  }
}
