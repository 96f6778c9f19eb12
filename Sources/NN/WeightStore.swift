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
  public let parameters = ParameterTable()

  /// - Parameters:
  ///   - sources: by diffusers name, dots between the levels.
  ///   - fileName: the name that such a file has a weight by, for one that this file lacks.
  ///   - progress: called with the number of bytes just read; what it throws ends the loading.
  public init(
    _ file: SafetensorsFile, sources: [String: WeightSource],
    fileName: @escaping (String) -> String? = { _ in nil }, device: Device = .cpu,
    progress: @escaping (Int) throws -> Void = { _ in }
  ) {
    absentName = fileName
    (self.file, self.sources, self.device, self.progress) = (file, sources, device, progress)
    reader = WeightReader(file, device: device)
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
  public var unused: [String] { sources.keys.filter { !taken.contains($0) }.sorted() }

  /// The name of a tensor in the file, or the one it would have there; `name` itself where none is known.
  public func fileName(of name: String) -> String { sources[name]?.info.name ?? absentName(name) ?? name }

  func shape(of name: String) -> [Int]? { sources[name]?.shape }

  func children(of path: String) -> Set<String> { children[path] ?? [] }

  /// Reads a tensor as a weight, and enters it in `parameters`.
  /// - Throws: as `load`.
  func parameter(_ name: String, shape: [Int], dtype: Torch.DType) throws -> Parameter {
    let parameter = Parameter(try load(name, shape: shape, dtype: dtype))
    parameters.record(parameter, name)
    return parameter
  }

  /// Reads a tensor, converted to `dtype`, onto the device.
  /// - Throws: `WeightError` when it is missing or not as expected, `SafetensorsError`, `TorchError`.
  func load(_ name: String, shape expected: [Int], dtype: Torch.DType) throws -> Tensor {
    guard let source = sources[name] else {
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
}
