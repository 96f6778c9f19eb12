import Safetensors

/// A file's tensors, to be asked for what tells one kind of file from another.
struct TensorNames {
  private let tensors: [String: TensorInfo]
  /// All that stands between the dots of a name, of every tensor.
  private let words: Set<Substring>

  init(_ tensors: [String: TensorInfo]) {
    self.tensors = tensors
    words = tensors.keys.reduce(into: []) { $0.formUnion($1.split(separator: ".")) }
  }

  var count: Int { tensors.count }

  func has(_ names: String...) -> Bool { names.contains { tensors[$0] != nil } }

  /// Whether a name begins in one of these ways.
  func begin(with prefixes: String...) -> Bool {
    prefixes.contains { prefix in tensors.keys.contains { $0.hasPrefix(prefix) } }
  }

  /// Whether one of the words stands between the dots of a name.
  func mention(_ wanted: Set<Substring>) -> Bool { !words.isDisjoint(with: wanted) }

  func shape(_ name: String) -> [Int]? { tensors[name]?.shape }

  /// The shape of the first matrix, by name, whose name ends so.
  func matrix(ending suffix: String) -> [Int]? {
    let found = tensors.keys.filter { $0.hasSuffix(suffix) && tensors[$0]?.shape.count == 2 }.min()
    return found.flatMap { tensors[$0]?.shape }
  }
}
