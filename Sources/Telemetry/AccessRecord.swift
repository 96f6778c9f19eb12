import JSON

/// One request as the access log has it. It holds nothing of a body and no query.
public struct AccessRecord: Sendable, Equatable {
  public var id: String
  /// The peer's address.
  public var remote: String
  /// The name of the token; `nil` without one.
  public var client: String?
  /// `-` when it could not be read, as `path`.
  public var method: String
  /// As sent, visible ASCII, without its query.
  public var path: String
  /// The path's template, such as `/jobs/{id}`; `nil` for a path that is not served.
  public var route: String?
  public var status: Int
  /// Of the bodies.
  public var receivedBytes: Int
  public var sentBytes: Int
  /// Whether the client took the whole response.
  public var isComplete: Bool
  /// Milliseconds from the request's last byte to the response's.
  public var milliseconds: Double
  /// Where the time of a picture went.
  public var job: JobTimes?

  public init(
    id: String, remote: String, method: String, path: String, status: Int, receivedBytes: Int = 0,
    sentBytes: Int = 0, isComplete: Bool = true, milliseconds: Double = 0
  ) {
    (self.id, self.remote, self.method, self.path) = (id, remote, method, path)
    (self.status, self.receivedBytes, self.sentBytes) = (status, receivedBytes, sentBytes)
    (self.isComplete, self.milliseconds) = (isComplete, milliseconds)
  }

  /// The log's line: method, path and status, then `key=value`.
  public var line: String {
    var line = "\(method) \(path) \(status) id=\(id) remote=\(remote)"
    if let client { line += " client=\(client)" }
    if let route { line += " route=\(route)" }
    line += " bytes_in=\(receivedBytes) bytes=\(sentBytes) total_ms=\(Self.tenths(milliseconds))"
    if !isComplete { line += " incomplete" }
    if let job {
      line += " queue_ms=\(Self.tenths(job.queue)) swap_ms=\(Self.tenths(job.swap))"
      line += " load_ms=\(Self.tenths(job.load)) step_ms=\(Self.tenths(job.step)) steps=\(job.steps)"
    }
    return line
  }

  func bytes(_ format: LogFormat, at time: LogTime) -> [UInt8] {
    switch format {
    case .text: Array("\(time) info \(line)".utf8)
    case .json: json(time).encoded()
    }
  }

  private func json(_ time: LogTime) -> JSONValue {
    var object: JSONObject = [
      "ts": .string("\(time)"), "level": "info", "event": "request", "id": .string(id),
      "remote": .string(remote), "client": client.map(JSONValue.string) ?? .null, "method": .string(method),
      "path": .string(path), "route": route.map(JSONValue.string) ?? .null,
      "status": .number(JSONNumber(status)), "bytes_in": .number(JSONNumber(receivedBytes)),
      "bytes": .number(JSONNumber(sentBytes)), "total_ms": Self.number(milliseconds),
      "incomplete": .bool(!isComplete),
    ]
    if let job {
      for (key, value) in [
        ("queue_ms", job.queue), ("swap_ms", job.swap), ("load_ms", job.load), ("step_ms", job.step),
      ] {
        object[key] = Self.number(value)
      }
      object["steps"] = .number(JSONNumber(job.steps))
    }
    return .object(object)
  }

  private static func number(_ value: Double) -> JSONValue {
    JSONValue(floatLiteral: Double(clampedTenths(value)) / 10)
  }

  private static func tenths(_ value: Double) -> String {
    let tenths = clampedTenths(value)
    return "\(tenths / 10).\(tenths % 10)"
  }

  private static func clampedTenths(_ value: Double) -> Int {
    Int((min(max(value, 0), 1e12) * 10).rounded())
  }
}

/// Milliseconds of a picture's making, by stage.
public struct JobTimes: Sendable, Equatable {
  public var queue = 0.0
  public var swap = 0.0
  public var load = 0.0
  public var text = 0.0
  /// All steps.
  public var denoise = 0.0
  public var decode = 0.0
  public var encode = 0.0
  public var steps = 0

  public init() {}

  /// The mean of the steps.
  public var step: Double { steps > 0 ? denoise / Double(steps) : 0 }
}
