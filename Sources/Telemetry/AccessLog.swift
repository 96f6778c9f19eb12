/// A line a request.
public struct AccessLog: Sendable {
  private let log: LineLog

  public init(_ log: LineLog) { self.log = log }

  /// Never waits.
  public func write(_ record: AccessRecord) {
    let time = LogTime()
    log.write { [format = log.format] in record.bytes(format, at: time) }
  }
}
