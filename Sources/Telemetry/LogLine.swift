import Glibc
import JSON

/// One line of a log, in either format.
struct LogLine {
  let time: LogTime
  let level: String
  /// In words; in JSON the value of `event`.
  let event: String
  /// In order. A field of a name that is there already is left out of the JSON.
  var fields: [(key: String, value: JSONValue)] = []

  func bytes(_ format: LogFormat) -> [UInt8] {
    switch format {
    case .text: Array(text.utf8)
    case .json: json.encoded()
    }
  }

  private var text: String {
    var line = "\(time) \(level) \(Self.escaped(event))"
    for (key, value) in fields { line += " \(Self.escaped(key))=\(Self.text(value))" }
    return line
  }

  private var json: JSONValue {
    var object: JSONObject = [
      "ts": .string("\(time)"), "level": .string(level), "event": .string(event),
    ]
    for (key, value) in fields where object[key] == nil { object[key] = value }
    return .object(object)
  }

  /// A bare word where that can be told from what follows, else JSON.
  private static func text(_ value: JSONValue) -> String {
    if case .string(let text) = value, !text.isEmpty, text.utf8.allSatisfy(isBare) { return text }
    // JSON leaves some control characters as they are, which terminals obey.
    return escaped(String(decoding: value.encoded(), as: UTF8.self))
  }

  private static func isBare(_ byte: UInt8) -> Bool {
    byte > UInt8(ascii: " ") && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
  }

  /// One event, one line, whatever it holds.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { line, scalar in
      line += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
    }
  }
}

/// A moment as logs have it: RFC 3339, UTC, milliseconds.
struct LogTime: CustomStringConvertible, Sendable {
  private let time: timespec

  /// Now.
  init() {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    self.time = time
  }

  init(seconds: Int, nanoseconds: Int) { time = timespec(tv_sec: seconds, tv_nsec: nanoseconds) }

  var description: String {
    var (seconds, parts) = (time.tv_sec, tm())
    gmtime_r(&seconds, &parts)
    func digits(_ value: Int, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let date = [(Int(parts.tm_year) + 1900, 4), (Int(parts.tm_mon) + 1, 2), (Int(parts.tm_mday), 2)]
    let clock = [(Int(parts.tm_hour), 2), (Int(parts.tm_min), 2), (Int(parts.tm_sec), 2)]
    return date.map(digits).joined(separator: "-") + "T" + clock.map(digits).joined(separator: ":") + "."
      + digits(time.tv_nsec / 1_000_000, 3) + "Z"
  }
}
