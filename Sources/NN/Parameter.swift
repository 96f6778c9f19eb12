public import Torch

/// A weight of a network: as it was read, and what stands in its place while adapters are on.
///
/// Not Sendable: it holds tensors, on the thread that owns them.
public final class Parameter {
  /// As read. It never changes, so that without a patch the network is what the file says, to the bit.
  public let base: Tensor
  /// Of the base's shape, format and device; `nil` for the base itself.
  public var patch: Tensor?

  public init(_ base: Tensor) { self.base = base }

  /// What the network computes with.
  public var value: Tensor { patch ?? base }
}

/// The weights of networks by their diffusers names, `unet.conv_in.weight`: what adapters look them up in.
public final class ParameterTable {
  /// The base name of the file they were read from.
  private let file: String
  private var parameters: [String: Parameter] = [:]
  /// The names they have in the file.
  private var fileNames: [String: String] = [:]

  init(file: String) { self.file = file }

  public subscript(name: String) -> Parameter? { parameters[name] }

  /// In no order.
  public var names: some Collection<String> { parameters.keys }

  func record(_ parameter: Parameter, _ name: String, fileName: String) {
    (parameters[name], fileNames[name]) = (parameter, fileName)
  }

  /// The first weight by name that was read with numbers which are not finite; `nil` where there is none.
  ///
  /// Looks at every number: to be asked when something went wrong.
  public func nonfinite() throws(TorchError) -> WeightError? {
    for name in names.sorted() {
      guard let base = self[name]?.base, try !base.allFinite() else { continue }
      return WeightError(file: file, tensor: fileNames[name] ?? name, problem: .nonfinite)
    }
    return nil
  }

  /// Weights are as they were read again: all, or those whose names `choice` takes.
  public func dropPatches(_ choice: (String) -> Bool = { _ in true }) {
    for (name, parameter) in parameters where parameter.patch != nil && choice(name) { parameter.patch = nil }
  }
}
