import ArgumentParser
import Logging
import Telemetry

/// What is logged, and how.
struct LogOptions: ParsableArguments {
  @Option(help: "trace, debug, info, notice, warning or error. Prompts are logged at debug. (default: info)")
  var logLevel: String?
  @Option(help: "text or json. (default: text)") var logFormat: String?
  @Option(help: "on or off: a line a request, at level info. (default: on)") var accessLog: String?

  struct Values {
    let level: Logger.Level
    let format: LogFormat
    let logsRequests: Bool
  }

  func values(_ file: ConfigurationFile?) throws -> Values {
    let level = try Log.level(try Setting.value(logLevel, "log-level", default: "info", from: file))
    let format = try Setting.value(logFormat, "log-format", default: "text", from: file)
    guard let format = LogFormat(rawValue: format) else {
      throw ValidationError("--log-format is text or json, not \(format).")
    }
    let access = try Setting.value(accessLog, "access-log", default: "on", from: file)
    guard ["on", "off"].contains(access) else {
      throw ValidationError("--access-log is on or off, not \(access).")
    }
    return Values(level: level, format: format, logsRequests: access == "on" && level <= .info)
  }
}
