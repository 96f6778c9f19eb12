public import Torch

/// A place in a `WeightStore`: the path of one module, and the number formats it computes in.
public struct Weights {
  public let store: WeightStore
  public let path: String
  public let formats: NumberFormats

  public init(_ store: WeightStore, path: String = "", formats: NumberFormats) {
    (self.store, self.path, self.formats) = (store, path, formats)
  }

  /// Weights for products in `dtype`.
  public init(_ store: WeightStore, path: String = "", dtype: DType = .float32) {
    self.init(store, path: path, formats: NumberFormats(dtype, on: store.device))
  }

  /// The submodule `name`.
  public subscript(name: String) -> Weights { Weights(store, path: full(name), formats: formats) }

  /// The submodule at `index` of a list.
  public subscript(index: Int) -> Weights { self[String(index)] }

  /// The weight `name` of this module, to compute with and for adapters to change.
  /// - Parameter dtype: one of `formats`.
  /// - Throws: `WeightError` when it is missing or has another shape.
  public func parameter(_ name: String, _ shape: [Int], _ dtype: DType) throws -> Parameter {
    try store.parameter(full(name), shape: shape, dtype: dtype)
  }

  /// The tensor `name` of this module, which no adapter changes, in the format that its network's matrices are kept in.
  /// - Throws: as `parameter`.
  public func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
    try store.load(full(name), shape: shape, dtype: formats.stored)
  }

  /// The same in the format of sums.
  public func summand(_ name: String, _ shape: [Int]) throws -> Tensor {
    try store.load(full(name), shape: shape, dtype: formats.sums)
  }

  /// The shape of the tensor `name` of this module, to infer sizes from.
  /// - Throws: `WeightError` when it is missing or does not have `rank` dimensions.
  public func shape(_ name: String, rank: Int) throws -> [Int] {
    guard let shape = store.shape(of: full(name)) else {
      throw WeightError(file: store.name, tensor: store.fileName(of: full(name)), problem: .missing)
    }
    guard shape.count == rank, shape.allSatisfy({ $0 > 0 }) else {
      throw unsuitable(name, "shape \(shape) should have \(rank) sizes, none of them zero")
    }
    return shape
  }

  /// Whether anything lies under `name`.
  public func has(_ name: String) -> Bool {
    store.shape(of: full(name)) != nil || !store.children(of: full(name)).isEmpty
  }

  /// How many modules the list `name` has: never more than the file has tensors, whatever their indices.
  ///
  /// A gap in the list shows as a missing tensor when the module is made.
  public func count(_ name: String) -> Int {
    store.children(of: full(name)).compactMap { child in
      Int(child).flatMap { $0 >= 0 && String($0) == child ? $0 : nil }
    }.count
  }

  /// The error for a tensor whose sizes do not suit.
  public func unsuitable(_ name: String, _ why: String) -> WeightError {
    WeightError(file: store.name, tensor: store.fileName(of: full(name)), problem: .unsuitable(why))
  }

  private func full(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
