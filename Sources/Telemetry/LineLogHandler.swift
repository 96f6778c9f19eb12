import JSON
public import Logging

/// Log events as lines of a `LineLog`.
public struct LineLogHandler: LogHandler {
  public var logLevel: Logger.Level
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?
  private let log: LineLog

  public init(_ log: LineLog, level: Logger.Level) { (self.log, logLevel) = (log, level) }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var fields = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
    if let own = event.metadata { fields.merge(own) { $1 } }
    if let error = event.error, fields["error"] == nil { fields["error"] = "\(error)" }
    let time = LogTime()
    log.write { [format = log.format, fields] in
      let sorted = fields.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSONValue($0.value)) }
      return LogLine(
        time: time, level: event.level.rawValue, event: event.message.description, fields: sorted
      ).bytes(format)
    }
  }
}

extension JSONValue {
  fileprivate init(_ value: Logger.MetadataValue) {
    switch value {
    case .string(let text): self = .string(text)
    case .stringConvertible(let value): self = .string(value.description)
    case .array(let values): self = .array(values.map { JSONValue($0) })
    case .dictionary(let members):
      var object = JSONObject()
      for (key, value) in members.sorted(by: { $0.key < $1.key }) { object[key] = JSONValue(value) }
      self = .object(object)
    }
  }
}
