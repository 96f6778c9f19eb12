/// A weight that is not what the network needs.
public struct WeightError: Error, Equatable, CustomStringConvertible {
  public enum Problem: Sendable, Equatable {
    case missing
    case shape(expected: [Int], found: [Int])
    /// An element is infinite or not a number.
    case nonfinite
    /// The tensor's type, as the file spells it, cannot be a weight.
    case dtype(String)
    /// The network has no place for it.
    case unexpected
    /// The sizes do not describe a network of this kind.
    case unsuitable(String)
  }

  /// The file's base name.
  public let file: String
  /// The tensor, under the name it has in the file where it is there.
  public let tensor: String
  public let problem: Problem

  public init(file: String, tensor: String, problem: Problem) {
    (self.file, self.tensor, self.problem) = (file, tensor, problem)
  }

  public var description: String {
    switch problem {
    case .missing: "\(file): tensor \(tensor) is missing"
    case .shape(let expected, let found): "\(file): tensor \(tensor) has shape \(found), expected \(expected)"
    case .nonfinite: "\(file): tensor \(tensor) has numbers that are not finite"
    case .dtype(let dtype): "\(file): tensor \(tensor) is \(dtype), expected floating-point numbers"
    case .unexpected: "\(file): tensor \(tensor) is not part of an SDXL checkpoint"
    case .unsuitable(let why): "\(file): tensor \(tensor): \(why)"
    }
  }
}
