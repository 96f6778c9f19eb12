import Foundation
import TestSupport

/// `darkroom serve` over the fake engine.
enum Served {
  static let darkroom = Repository.products.appendingPathComponent("darkroom").path
  static let engine = ["--engine", Repository.products.appendingPathComponent("fake-engine").path]
  static let models = ["--models", Repository.models.path]

  static func start(_ arguments: [String] = [], environment: [String: String] = [:]) throws -> RunningServer {
    try RunningServer(
      models: Repository.models.path, arguments: engine + arguments, environment: environment)
  }

  /// What `darkroom serve` says to options it does not take; a server that does start is ended, with status 124.
  static func refusal(_ arguments: [String], environment: [String: String] = [:]) throws -> Finished {
    let command = ["20", darkroom, "serve", "--port", "0"] + models + engine + arguments
    return try run("/usr/bin/timeout", command, environment: environment)
  }

  static func bearer(_ token: String) -> [String] { ["-H", "Authorization: Bearer \(token)"] }
}

extension RunningServer {
  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Waits until the log holds these words.
  func waitForLog(_ words: String, seconds: Double = 20) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !logText.contains(words) {
      guard ContinuousClock.now < deadline else {
        throw BadReply(text: "the log lacks '\(words)':\n\(logText)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
