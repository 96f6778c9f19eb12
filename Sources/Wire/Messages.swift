package import Generation

/// The protocol's version, raised by any change to frames or messages. Both executables are installed
/// together, so each speaks one version and refuses the others.
package let wireVersion = 3

/// The engine's first frame.
package struct Greeting: Codable, Sendable, Equatable {
  package var protocolVersion: Int
  package var status: EngineStatus

  package init(protocolVersion: Int = wireVersion, status: EngineStatus) {
    (self.protocolVersion, self.status) = (protocolVersion, status)
  }
}

/// What every version's greeting holds, so a mismatch can be named even when the rest has changed.
struct GreetingVersion: Codable {
  var protocolVersion: Int
}

/// Server to engine.
package enum EngineCommand: Codable, Sendable, Equatable {
  case generate(job: UInt64, request: GenerationRequest)
  case load(job: UInt64, model: ModelSource)
  /// End the job within one step. Answered by the job's last event, as is a job left alone.
  case cancel(job: UInt64)
}

/// Engine to server, after the greeting. Each job ends with exactly one of `finished`, `loaded`,
/// `failed` and `cancelled`.
package enum EngineEvent: Codable, Sendable, Equatable {
  /// Sent before each job's end and when its stage changes; state and process are the server's to know.
  case status(EngineStatus)
  case loading(job: UInt64, model: String, bytes: Int, total: Int)
  case step(job: UInt64, Int, of: Int)
  /// The attachment is the picture as it looks after the step told last: rows and pixels as in `finished`.
  case preview(job: UInt64, width: Int, height: Int)
  /// The attachment is the picture: rows from top to bottom, three bytes a pixel.
  case finished(job: UInt64, report: GenerationReport, width: Int, height: Int)
  case loaded(job: UInt64)
  case failed(job: UInt64, GenerationError)
  case cancelled(job: UInt64)
}
