import CheckpointKinds
import NN
import Safetensors
import Torch

/// A file that no pictures can be made with: corrupt, of another architecture, or incomplete.
public struct CheckpointError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Names the file (never its folder) and the tensor.
  public let description: String

  public init(_ description: String) { self.description = description }

  /// Runs `body`; what files and weights throw becomes a `CheckpointError`, all else stays as it is.
  static func wrapping<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as WeightError {
      throw CheckpointError(error.description)
    } catch let error as SafetensorsError {
      throw CheckpointError(error.description)
    } catch let error as ForeignFile {
      throw CheckpointError(error.description)
    }
  }
}

extension ParameterTable {
  /// What of the file no picture can be made with, asked when one is not finite.
  func damage() throws(TorchError) -> CheckpointError? {
    try nonfinite().map { CheckpointError($0.description) }
  }
}
