import NN
import Safetensors

/// A LoRA file that cannot be put on a model: unsound, incomplete, or made for another.
public struct LoRAError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Names the file (never its folder) and the tensor.
  public let description: String

  init(_ description: String) { self.description = description }

  init(file: String, tensor: String, _ why: String) {
    description = "\(file): tensor \(tensor) \(why)"
  }

  /// Runs `body`; what files and weights throw becomes a `LoRAError`, all else stays as it is.
  static func wrapping<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as WeightError {
      throw LoRAError(error.description)
    } catch let error as SafetensorsError {
      throw LoRAError(error.description)
    }
  }
}
