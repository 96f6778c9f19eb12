import Safetensors

extension LoRADelta<TensorInfo> {
  /// Checks every factor against the weight it changes.
  /// - Parameter shape: the weight's. - Returns: the rank that alpha is divided by; `nil` where there is none.
  /// - Throws: `LoRAError` naming the first tensor that does not fit.
  func check(_ shape: [Int], file: String) throws(LoRAError) -> Int? {
    let check = ShapeCheck(file: file)
    if case .difference(let whole) = self {
      try check(whole, shape)
      return nil
    }
    guard shape.count >= 2 else {
      throw LoRAError(file: file, tensor: anyFactor.name, "factors a weight that is no matrix")
    }
    let (outC, inC, kernel) = (shape[0], shape[1], Array(shape[2...]))
    switch self {
    case .lora(let down, let up, nil):
      let rank = try check.size(down, 0)
      try check(down, [rank, inC] + kernel)
      try check(up, [outC, rank])
      return rank
    case .lora(let down, let up, let mid?):
      let rank = try check.size(down, 0)
      try check(down, [rank, inC])
      try check(mid, [try check.size(mid, 0), rank] + kernel)
      try check(up, [outC, mid.shape[0]])
      return rank
    case .loha(let first, let second):
      let rank = try first.check(shape, check)
      guard try second.check(shape, check) == rank else {
        throw LoRAError(file: file, tensor: second.b.name, "has another rank than \(first.b.name)")
      }
      return rank
    case .lokr(let first, let second):
      let (rows, columns, firstRank) = try first.check([], check)
      guard outC % rows == 0, inC % columns == 0 else {
        throw LoRAError(
          file: file, tensor: first.any.name,
          "gives \(rows) × \(columns), which do not divide \(outC) × \(inC)"
        )
      }
      let (restRows, restColumns, secondRank) = try second.check(kernel, check)
      guard rows * restRows == outC, columns * restColumns == inC else {
        throw LoRAError(
          file: file, tensor: second.any.name,
          "gives \(restRows) × \(restColumns), expected \(outC / rows) × \(inC / columns)")
      }
      return secondRank ?? firstRank
    case .difference: return nil
    }
  }

  private var anyFactor: TensorInfo {
    switch self {
    case .lora(let down, _, _): down
    case .loha(let first, _): first.a
    case .lokr(let first, _): first.any
    case .difference(let whole): whole
    }
  }
}

extension LoRADelta<TensorInfo>.Hadamard {
  /// - Returns: the rank.
  fileprivate func check(_ shape: [Int], _ check: ShapeCheck) throws(LoRAError) -> Int {
    let rank = try check.size(b, 0)
    if let core {
      try check(b, [rank, shape[1]])
      try check(core, [try check.size(core, 0), rank] + shape[2...])
      try check(a, [core.shape[0], shape[0]])
    } else {
      try check.matrix(b, rank, shape[1...].reduce(1, *))
      try check(a, [shape[0], rank])
    }
    return rank
  }
}

extension LoRADelta<TensorInfo>.Kronecker {
  fileprivate var any: TensorInfo {
    switch self {
    case .whole(let whole): whole
    case .product(let a, _): a
    case .tucker(_, let a, _): a
    }
  }

  /// - Returns: rows and columns, whatever they are, and the rank where it is a product.
  fileprivate func check(
    _ kernel: [Int], _ check: ShapeCheck
  ) throws(LoRAError) -> (rows: Int, columns: Int, rank: Int?) {
    switch self {
    case .whole(let whole):
      let (rows, columns) = (try check.size(whole, 0), try check.size(whole, 1))
      try check(whole, [rows, columns] + kernel)
      return (rows, columns, nil)
    case .product(let a, let b):
      let (rows, rank, places) = (try check.size(a, 0), try check.size(a, 1), kernel.reduce(1, *))
      let columns = try check.count(b, after: 1) / places
      try check(a, [rows, rank])
      try check.matrix(b, rank, columns * places)
      return (rows, columns, rank)
    case .tucker(let core, let a, let b):
      let (rows, columns) = (try check.size(a, 1), try check.size(b, 1))
      let rank = try check.size(b, 0)
      try check(b, [rank, columns])
      try check(core, [try check.size(core, 0), rank] + kernel)
      try check(a, [core.shape[0], rows])
      return (rows, columns, rank)
    }
  }
}

/// Holds what a header says of a tensor against what it should be.
private struct ShapeCheck {
  let file: String

  /// A size of a dimension that must be there and not be zero.
  func size(_ tensor: TensorInfo, _ dim: Int) throws(LoRAError) -> Int {
    guard tensor.shape.count > dim, tensor.shape.allSatisfy({ $0 > 0 }) else {
      throw LoRAError(
        file: file, tensor: tensor.name, "has shape \(tensor.shape), too few sizes or one of zero")
    }
    return tensor.shape[dim]
  }

  /// Elements for each index of the first `dim` dimensions.
  func count(_ tensor: TensorInfo, after dim: Int) throws(LoRAError) -> Int {
    _ = try size(tensor, dim)
    return tensor.shape[dim...].reduce(1, *)
  }

  /// Sizes of 1 at the end count for nothing: a matrix may be a convolution of one place, or the reverse.
  func callAsFunction(_ tensor: TensorInfo, _ expected: [Int]) throws(LoRAError) {
    func trimmed(_ shape: [Int]) -> ArraySlice<Int> {
      shape[..<((shape.lastIndex { $0 != 1 } ?? -1) + 1)]
    }
    guard tensor.shape.allSatisfy({ $0 > 0 }), trimmed(tensor.shape) == trimmed(expected) else {
      throw LoRAError(file: file, tensor: tensor.name, "has shape \(tensor.shape), expected \(expected)")
    }
  }

  /// A matrix, whose columns may be spread over several dimensions.
  func matrix(_ tensor: TensorInfo, _ rows: Int, _ columns: Int) throws(LoRAError) {
    guard try size(tensor, 0) == rows, tensor.shape[1...].reduce(1, *) == columns else {
      throw LoRAError(
        file: file, tensor: tensor.name, "has shape \(tensor.shape), expected \([rows, columns])")
    }
  }
}
