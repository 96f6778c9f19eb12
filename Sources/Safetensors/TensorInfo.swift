/// What a header says of one tensor.
///
/// In a header that was accepted, `byteCount` is the product of `shape` and the bytes of an element, and
/// `offset ..< offset + byteCount` lies in the file, after the header.
public struct TensorInfo: Sendable, Equatable {
  public let name: String
  public let dtype: DType

  /// Outermost dimension first; empty for a single number, and a dimension may be 0.
  public let shape: [Int]

  /// Bytes from the start of the file; not aligned to anything.
  public let offset: Int

  public let byteCount: Int

  public init(name: String, dtype: DType, shape: [Int], offset: Int, byteCount: Int) {
    (self.name, self.dtype, self.shape) = (name, dtype, shape)
    (self.offset, self.byteCount) = (offset, byteCount)
  }
}
