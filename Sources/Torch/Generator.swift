import CTorch

/// torch's CPU random numbers: the Mersenne Twister behind `torch.Generator("cpu")`.
public final class Generator {
  private let handle: OpaquePointer

  /// - Parameter seed: its low 32 bits are used, as `manual_seed` does.
  public init(seed: UInt64) throws(TorchError) {
    guard let handle = ct_generator_new(seed) else { throw .last("manual_seed", []) }
    self.handle = handle
  }

  deinit { ct_generator_free(handle) }

  /// The next numbers from the standard normal distribution: `torch.randn(shape, generator=…)`.
  /// - Returns: float32 `shape` on the CPU.
  public func randn(_ shape: [Int]) throws(TorchError) -> Tensor {
    try Tensor("randn", []) { shape.withSizes { ct_randn(handle, $0, $1) } }
  }
}
