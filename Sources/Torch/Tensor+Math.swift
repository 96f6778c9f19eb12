import CTorch

/// Arithmetic, element by element, with broadcasting.
extension Tensor {
  public static func + (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
    try Tensor("add", [a, b]) { ct_add(a.handle, b.handle) }
  }

  public static func - (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
    try Tensor("sub", [a, b]) { ct_sub(a.handle, b.handle) }
  }

  public static func * (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
    try Tensor("mul", [a, b]) { ct_mul(a.handle, b.handle) }
  }

  public static func / (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
    try Tensor("div", [a, b]) { ct_div(a.handle, b.handle) }
  }

  public static func + (x: Tensor, value: Double) throws(TorchError) -> Tensor {
    try Tensor("add", [x]) { ct_add_scalar(x.handle, value) }
  }

  public static func * (x: Tensor, value: Double) throws(TorchError) -> Tensor {
    try Tensor("mul", [x]) { ct_mul_scalar(x.handle, value) }
  }

  /// `value` is kept within `range`.
  public func clamp(_ range: ClosedRange<Double>) throws(TorchError) -> Tensor {
    try Tensor("clamp", [self]) { ct_clamp(handle, range.lowerBound, range.upperBound) }
  }

  /// To whole numbers, halves to the even one.
  public func round() throws(TorchError) -> Tensor {
    try Tensor("round", [self]) { ct_round(handle) }
  }

  /// Whether no element is infinite or not a number.
  public func allFinite() throws(TorchError) -> Bool {
    let answer = ct_all_finite(handle)
    if answer < 0 { throw .last("isfinite", [self]) }
    return answer == 1
  }

  /// The smallest and the largest element.
  /// - Throws: when there is none.
  public func minMax() throws(TorchError) -> (min: Double, max: Double) {
    var (low, high) = (0.0, 0.0)
    if !ct_min_max(handle, &low, &high) { throw .last("min", [self]) }
    return (low, high)
  }
}

public func exp(_ x: Tensor) throws(TorchError) -> Tensor { try Tensor("exp", [x]) { ct_exp(x.handle) } }

public func sqrt(_ x: Tensor) throws(TorchError) -> Tensor { try Tensor("sqrt", [x]) { ct_sqrt(x.handle) } }

public func tanh(_ x: Tensor) throws(TorchError) -> Tensor { try Tensor("tanh", [x]) { ct_tanh(x.handle) } }

/// Matrix product over the last two dimensions.
public func matmul(_ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
  try Tensor("matmul", [a, b]) { ct_matmul(a.handle, b.handle) }
}

/// `x + alpha · a b` of matrices `[n, m]`, `[n, k]` and `[k, m]`.
public func addmm(_ x: Tensor, _ a: Tensor, _ b: Tensor, alpha: Double) throws(TorchError) -> Tensor {
  try Tensor("addmm", [x, a, b]) { ct_addmm(x.handle, a.handle, b.handle, alpha) }
}
