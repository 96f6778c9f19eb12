import ArgumentParser
import Glibc
import Logging
import Telemetry

/// Log lines on standard error; standard output is for results.
enum Log {
  /// - Throws: `ValidationError` for a level that does not exist.
  static func level(_ name: String) throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: name) else {
      throw ValidationError(
        "--log-level is one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")), not \(name)."
      )
    }
    return level
  }

  static func start(_ level: Logger.Level, _ log: LineLog) -> Logger {
    // A reader of the log that goes away must not take the server along.
    signal(SIGPIPE, SIG_IGN)
    LoggingSystem.bootstrap { _ in LineLogHandler(log, level: level) }
    return Logger(label: "darkroom")
  }
}
