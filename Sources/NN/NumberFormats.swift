public import Torch

/// The number formats of a network.
///
/// Layers answer in the format of what they are given, so that a residual stream keeps its own whatever its layers
/// multiply in.
public struct NumberFormats: Sendable, Equatable {
  /// Of the matrices in memory.
  public let stored: DType
  /// Of the matrices' products.
  public let products: DType
  /// Of what is between: residual streams and norms.
  public let sums: DType

  /// Products in `dtype`. On the CPU sums are in float32, which costs little there; on a GPU all is one format.
  public init(_ dtype: DType, on device: Device) {
    (stored, products, sums) = (dtype, dtype, device == .cpu ? .float32 : dtype)
  }

  private init(stored: DType, products: DType, sums: DType) {
    (self.stored, self.products, self.sums) = (stored, products, sums)
  }

  /// For the text encoders of a model whose other products are in `dtype`.
  ///
  /// They run once a picture, and every step hangs on them: bfloat16's eight bits are too few. float16 holds what
  /// checkpoints have, in as much memory, and is widened where it is used.
  public static func text(_ dtype: DType, on device: Device) -> NumberFormats {
    device == .cpu && dtype == .bfloat16
      ? NumberFormats(stored: .float16, products: .float32, sums: .float32)
      : NumberFormats(dtype, on: device)
  }
}
