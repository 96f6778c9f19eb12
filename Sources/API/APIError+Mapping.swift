import Generation
import JSON
import Scheduling

extension APIError {
  /// Seconds after which a restarted engine has usually come up.
  private static let engineRestart = 10
  /// Seconds after which a server that is started again usually answers.
  private static let serverRestart = 10

  /// Which status an error of the layers below becomes; whatever is not listed is 500 without details.
  init(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as QueueFull:
      self.init(
        429, "queue_full", "The queue is full; try again in \(error.retryAfter) s",
        retryAfter: max(1, error.retryAfter))
    case is WorkPool.Full:
      self.init(503, "busy", "Too many requests wait to be read", retryAfter: 1)
    case is CancellationError:
      // Work is cancelled for a client that is gone, which reads nothing, or because the server stops.
      self.init(
        503, "shutting_down", "The server is stopping; the request may be sent again",
        retryAfter: Self.serverRestart)
    case let error as GenerationError: self.init(error, model: nil)
    default: self = .unexpected
    }
  }

  /// - Parameters:
  ///   - model: the id of the model that was asked for.
  ///   - sent: the body of the request, for the `input` of a 422.
  init(_ error: GenerationError, model: String?, sent: JSONObject = JSONObject()) {
    switch error.kind {
    case .modelNotLoaded:
      let name = model.map { ": \($0)" } ?? ""
      self.init(503, error.kind.rawValue, "Model not loaded\(name): \(error.message)")
    case .invalidRequest:
      self.init([.refused(error.field, error.message, sent: sent)])
    case .outOfMemory: self.init(503, error.kind.rawValue, error.message)
    case .nonfiniteOutput: self.init(500, error.kind.rawValue, error.message)
    case .engineUnavailable:
      self.init(503, error.kind.rawValue, error.message, retryAfter: Self.engineRestart)
    case .timeout: self.init(504, error.kind.rawValue, error.message)
    case .internalError: self = .unexpected
    }
  }
}

extension ValidationIssue {
  /// A mistake found after the table's own checks; without a field it is the whole body's.
  fileprivate static func refused(_ field: String?, _ message: String, sent: JSONObject) -> ValidationIssue {
    guard let field else { return ValidationIssue([], .value(message), input: .object(sent)) }
    return ValidationIssue([.string(field)], .value(message), input: sent[field] ?? .null)
  }
}
