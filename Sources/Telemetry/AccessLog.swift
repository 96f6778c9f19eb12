public import Logging

/// Writes a line a request, from a task of its own, so that a slow log never holds up the serving thread.
public final class AccessLog: Sendable {
  /// Lines that wait; when a log is stuck for longer, new lines are lost.
  private static let capacity = 4096

  /// Whether the logger wants such lines at all.
  public let isOn: Bool
  private let records: AsyncStream<AccessRecord>.Continuation
  private let writer: Task<Void, Never>

  /// Lines are of level `info`.
  public init(_ logger: Logger) {
    let (stream, continuation) = AsyncStream.makeStream(
      of: AccessRecord.self, bufferingPolicy: .bufferingOldest(Self.capacity))
    isOn = logger.logLevel <= .info
    records = continuation
    writer = Task {
      for await record in stream { logger.info("\(record.line)") }
    }
  }

  deinit { records.finish() }

  /// Never waits.
  public func write(_ record: AccessRecord) {
    if isOn { records.yield(record) }
  }

  /// Ends the log when all lines so far are written.
  public func finish() async {
    records.finish()
    await writer.value
  }
}
