import Logging

/// Writes log lines from a task of its own, so that a slow log never holds up the serving thread.
final class ServingLog: Sendable {
  private struct Line: Sendable {
    var level: Logger.Level
    var message: Logger.Message
    var metadata: Logger.Metadata
  }

  private let level: Logger.Level
  private let lines: AsyncStream<Line>.Continuation
  private let writer: Task<Void, Never>

  /// Lines that wait; when a log is stuck for longer, new lines are lost.
  private static let capacity = 4096

  init(_ logger: Logger) {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Line.self, bufferingPolicy: .bufferingOldest(Self.capacity))
    level = logger.logLevel
    lines = continuation
    writer = Task {
      for await line in stream { logger.log(level: line.level, line.message, metadata: line.metadata) }
    }
  }

  deinit { lines.finish() }

  func write(
    _ level: Logger.Level, _ message: @autoclosure () -> String,
    _ metadata: @autoclosure () -> Logger.Metadata = [:]
  ) {
    guard level >= self.level else { return }
    lines.yield(Line(level: level, message: "\(message())", metadata: metadata()))
  }

  /// Ends the log when all lines so far are written.
  func finish() async {
    lines.finish()
    await writer.value
  }
}
