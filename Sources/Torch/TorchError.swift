import CTorch

/// A libtorch operation that failed.
public struct TorchError: Error, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The device's or the host's memory.
    case outOfMemory
    /// Shapes, types or values that do not go together.
    case invalid
    /// This libtorch or device has no such thing.
    case unavailable
    /// Anything else.
    case `internal`
  }

  public let kind: Kind
  /// The operation's name, as torch has it.
  public let operation: String
  /// The shapes of its operands, in order.
  public let shapes: [[Int]]
  /// libtorch's words.
  public let message: String

  public init(kind: Kind, operation: String, shapes: [[Int]], message: String) {
    (self.kind, self.operation, self.shapes, self.message) = (kind, operation, shapes, message)
  }

  public var description: String {
    let operands = shapes.map { "[\($0.map(String.init).joined(separator: ", "))]" }.joined(separator: ", ")
    return "\(operation)(\(operands)): \(message)"
  }

  /// The failure the shim has just reported on this thread.
  static func last(_ operation: String, _ operands: [Tensor]) -> TorchError {
    let kind: Kind =
      switch ct_error_kind() {
      case CT_ERROR_OUT_OF_MEMORY: .outOfMemory
      case CT_ERROR_INVALID: .invalid
      case CT_ERROR_UNAVAILABLE: .unavailable
      default: .internal
      }
    // libtorch appends the place in its own source; the first line says what is wrong.
    let message = String(cString: ct_error_message()).split(separator: "\n", maxSplits: 1).first.map(
      String.init)
    return TorchError(
      kind: kind, operation: operation, shapes: operands.map(\.shape), message: message ?? "no reason given")
  }
}
