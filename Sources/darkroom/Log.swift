import ArgumentParser
import Glibc
import Logging

/// Log lines on standard error; standard output is for results.
enum Log {
  /// - Throws: `ValidationError` for a level that does not exist.
  static func start(level name: String) throws -> Logger {
    guard let level = Logger.Level(rawValue: name) else {
      throw ValidationError(
        "--log-level is one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")), not \(name)."
      )
    }
    // A reader of the log that goes away must not take the server along.
    signal(SIGPIPE, SIG_IGN)
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
    return Logger(label: "darkroom")
  }
}
