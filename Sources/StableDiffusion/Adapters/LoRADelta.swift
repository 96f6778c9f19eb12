/// The factors of a change of a weight, in one of the ways to take it apart.
///
/// `Factor` is what a file's header says of a tensor until the shapes are checked, and the tensor itself after.
/// Sources: Hu et al. 2021, "LoRA"; Yeh et al. 2024, "Navigating Text-To-Image Customization" (LoHa, LoKr and
/// Tucker's decomposition of convolutions).
enum LoRADelta<Factor> {
  /// `up · down`; a convolution's with a core between them.
  case lora(down: Factor, up: Factor, mid: Factor?)
  /// The elementwise product of two.
  case loha(Hadamard, Hadamard)
  /// The Kronecker product of two.
  case lokr(Kronecker, Kronecker)
  /// Nothing to multiply.
  case difference(Factor)

  /// `a · b`, or with a core `Σ core[r, s, …] a[r, out] b[s, in]`.
  struct Hadamard {
    let a: Factor, b: Factor, core: Factor?
  }

  enum Kronecker {
    case whole(Factor)
    case product(a: Factor, b: Factor)
    case tucker(core: Factor, a: Factor, b: Factor)
  }

  func map<Other>(_ transform: (Factor) throws -> Other) rethrows -> LoRADelta<Other> {
    switch self {
    case .lora(let down, let up, let mid):
      return .lora(down: try transform(down), up: try transform(up), mid: try mid.map(transform))
    case .loha(let first, let second): return .loha(try first.map(transform), try second.map(transform))
    case .lokr(let first, let second): return .lokr(try first.map(transform), try second.map(transform))
    case .difference(let whole): return .difference(try transform(whole))
    }
  }
}

extension LoRADelta.Hadamard {
  func map<Other>(_ transform: (Factor) throws -> Other) rethrows -> LoRADelta<Other>.Hadamard {
    .init(a: try transform(a), b: try transform(b), core: try core.map(transform))
  }
}

extension LoRADelta.Kronecker {
  func map<Other>(_ transform: (Factor) throws -> Other) rethrows -> LoRADelta<Other>.Kronecker {
    switch self {
    case .whole(let whole): .whole(try transform(whole))
    case .product(let a, let b): .product(a: try transform(a), b: try transform(b))
    case .tucker(let core, let a, let b):
      .tucker(core: try transform(core), a: try transform(a), b: try transform(b))
    }
  }
}
