import Torch

extension LoRADelta<Tensor> {
  /// The change multiplied out, without `alpha / rank`.
  /// - Parameter shape: the weight's, `[out, in, …]`. - Returns: float32 `shape`.
  func value(_ shape: [Int]) throws(TorchError) -> Tensor {
    switch self {
    case .lora(let down, let up, nil): return try shaped(matmul(rows(up), rows(down)), shape)
    case .lora(let down, let up, let mid?):
      return try coreProduct(mid, rows(up).transpose(0, 1), rows(down)).reshape(shape)
    case .loha(let first, let second): return try first.value(shape) * second.value(shape)
    case .lokr(let first, let second):
      let places = shape.dropFirst(2).reduce(1, *)
      return try kronecker(first.value(places: 1), second.value(places: places)).reshape(shape)
    case .difference(let whole): return try whole.to(.float32).reshape(shape)
    }
  }
}

extension LoRADelta<Tensor>.Hadamard {
  fileprivate func value(_ shape: [Int]) throws(TorchError) -> Tensor {
    guard let core else { return try shaped(matmul(rows(a), rows(b)), shape) }
    return try coreProduct(core, rows(a), rows(b)).reshape(shape)
  }
}

extension LoRADelta<Tensor>.Kronecker {
  /// - Parameter places: of the kernel; 1 in a matrix. - Returns: `[n, m, places]`.
  fileprivate func value(places: Int) throws(TorchError) -> Tensor {
    switch self {
    case .whole(let whole): try whole.to(.float32).reshape(whole.size(0), -1, places)
    case .product(let a, let b): try matmul(rows(a), rows(b)).reshape(a.size(0), -1, places)
    case .tucker(let core, let a, let b): try coreProduct(core, rows(a), rows(b))
    }
  }
}

/// A factor or a weight as a float32 matrix, a row for each of its first index.
func rows(_ x: Tensor) throws(TorchError) -> Tensor {
  let x = try x.to(.float32)
  return x.rank == 2 ? x : try x.reshape(x.size(0), -1)
}

/// `x` as a weight of `shape`; most are matrices already.
func shaped(_ x: Tensor, _ shape: [Int]) throws(TorchError) -> Tensor {
  x.rank == shape.count && shape.count == 2 ? x : try x.reshape(shape)
}

/// `Σ core[r, s, k] a[r, n] b[s, m]`.
/// - Parameters: core `[r, s, …]`; a `[r, n]`; b `[s, m]`. - Returns: `[n, m, k]`.
private func coreProduct(_ core: Tensor, _ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
  let h = try matmul(a.transpose(0, 1), rows(core))  // [n, s k]
  let byPlace = try h.reshape(a.size(1), core.size(1), -1).transpose(1, 2)  // [n, k, s]
  return try matmul(byPlace, b).transpose(1, 2)  // [n, m, k]
}

/// - Parameters: first `[a, b, 1]`; second `[c, d, k]`. - Returns: `[a, c, b, d, k]`.
private func kronecker(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor {
  try first.reshape(first.size(0), 1, first.size(1), 1, 1)
    * second.reshape(1, second.size(0), 1, second.size(1), second.size(2))
}
