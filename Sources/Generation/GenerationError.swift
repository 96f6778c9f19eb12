/// Why there is no picture. The message is fit for clients: files by base name, never a path.
public struct GenerationError: Error, Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable {
    /// The checkpoint is corrupt, of the wrong architecture, or does not fit.
    case modelNotLoaded = "model_not_loaded"
    /// The request asks for something this model cannot do; `field` names what.
    case invalidRequest = "invalid_request"
    case outOfMemory = "out_of_memory"
    /// Latents or picture not finite, or the picture flat.
    case nonfiniteOutput = "nonfinite_output"
    /// The engine died, or could not be started.
    case engineUnavailable = "engine_unavailable"
    /// No step was made for too long.
    case timeout = "timeout"
    case internalError = "internal_error"
  }

  public var kind: Kind
  public var message: String
  /// The request's field at fault, by its name on the wire.
  public var field: String?
  /// Which of several it is, from 0, in the request's order.
  public var element: Int?

  public init(_ kind: Kind, _ message: String, field: String? = nil, element: Int? = nil) {
    (self.kind, self.message, self.field, self.element) = (kind, message, field, element)
  }
}
