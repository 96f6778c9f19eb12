public import Safetensors
public import Torch

/// The tensors of one file under the names a network asks for, and which of them it has taken.
///
/// Not Sendable: it makes tensors, on the thread that owns them.
public final class WeightStore {
  public let file: SafetensorsFile
  public let device: Device
  private let sources: [String: WeightSource]
  private let children: [String: Set<String>]
  private var taken: Set<String> = []
  private let absentName: (String) -> String?
  private let progress: (Int) throws -> Void
  private let reader: WeightReader
  /// The weights that layers have taken.
  public let parameters: ParameterTable
  private let foundation: WeightFoundation?

  /// - Parameters:
  ///   - sources: by diffusers name, dots between the levels.
  ///   - foundation: has the weights that this file lacks.
  ///   - fileName: the name that such a file has a weight by, for one that is lacking.
  ///   - progress: called with the number of bytes just read; what it throws ends the loading.
  public init(
    _ file: SafetensorsFile, sources: [String: WeightSource], foundation: WeightFoundation? = nil,
    fileName: @escaping (String) -> String? = { _ in nil }, device: Device = .cpu,
    progress: @escaping (Int) throws -> Void = { _ in }
  ) {
    absentName = fileName
    self.foundation = foundation
    (self.file, self.sources, self.device, self.progress) = (file, sources, device, progress)
    reader = WeightReader(file, device: device)
    parameters = ParameterTable(file: file.name)
    var children: [String: Set<String>] = [:]
    for name in sources.keys {
      var parent = ""
      for part in name.split(separator: ".") {
        children[parent, default: []].insert(String(part))
        parent = parent.isEmpty ? String(part) : "\(parent).\(part)"
      }
    }
    self.children = children
  }

  /// The whole file under its own names.
  public convenience init(_ file: SafetensorsFile, device: Device = .cpu) {
    self.init(file, sources: file.header.tensors.mapValues { WeightSource($0) }, device: device)
  }

  /// The file's base name.
  public var name: String { file.name }

  /// The names no network has asked for, sorted.
  public var unused: [String] {
    let names = Set(sources.keys).union(foundation?.changes.keys.map { $0 } ?? [])
    return names.subtracting(taken).sorted()
  }

  /// The name of a tensor in the file, or the one it would have there; `name` itself where none is known.
  public func fileName(of name: String) -> String { sources[name]?.info.name ?? absentName(name) ?? name }

  func shape(of name: String) -> [Int]? { sources[name]?.shape ?? foundation?.store.shape(of: name) }

  func children(of path: String) -> Set<String> {
    (children[path] ?? []).union(foundation?.store.children(of: path) ?? [])
  }

  /// Reads a tensor as a weight, and enters it in `parameters`.
  /// - Throws: as `load`.
  func parameter(_ name: String, shape: [Int], dtype: Torch.DType) throws -> Parameter {
    let parameter = Parameter(try load(name, shape: shape, dtype: dtype))
    parameters.record(parameter, name, fileName: fileName(of: name))
    return parameter
  }

  /// Reads a tensor, converted to `dtype`, onto the device.
  /// - Throws: `WeightError` when it is missing or not as expected, `SafetensorsError`, `TorchError`.
  func load(_ name: String, shape expected: [Int], dtype: Torch.DType) throws -> Tensor {
    guard let source = sources[name] else {
      if let foundation, foundation.store.shape(of: name) != nil {
        return try load(name, shape: expected, dtype: dtype, from: foundation)
      }
      throw WeightError(file: file.name, tensor: fileName(of: name), problem: .missing)
    }
    guard source.shape == expected else {
      throw WeightError(
        file: file.name, tensor: source.info.name,
        problem: .shape(expected: expected, found: source.shape ?? source.info.shape))
    }
    taken.insert(name)
    let raw = try reader.read(source, dtype: dtype)
    try progress(source.partBytes)
    switch source.operation {
    case .none, .rows: return raw
    case .transpose: return try raw.transpose(0, 1).contiguous()
    case .squeeze: return try raw.reshape(expected)
    }
  }

  /// The same for one that this file has a change of at most.
  private func load(
    _ name: String, shape: [Int], dtype: Torch.DType, from foundation: WeightFoundation
  ) throws -> Tensor {
    guard let change = foundation.changes[name] else {
      return try foundation.store.load(name, shape: shape, dtype: dtype)
    }
    guard change.suits(shape) else {
      throw WeightError(
        file: file.name, tensor: change.up.info.name,
        problem: .unsuitable(
          "shapes \(change.up.info.shape) and \(change.down.info.shape) of down make no \(shape)"))
    }
    taken.insert(name)
    let weight = try foundation.store.load(name, shape: shape, dtype: .float32)
    let changed = try change.added(to: weight) { part in
      try progress(part.partBytes)
      return try reader.read(part, dtype: .float32)
    }
    return try changed.to(dtype)
  }
}
