import CTorch

/// A libtorch tensor.
///
/// Not Sendable: tensors live on the thread that made them. Elements are never changed in place once an
/// operation has returned the tensor.
public final class Tensor {
  let handle: OpaquePointer

  /// Takes what the shim returned, or the error it left.
  init(_ operation: StaticString, _ operands: [Tensor], _ call: () -> OpaquePointer?) throws(TorchError) {
    guard let handle = call() else { throw .last(String(describing: operation), operands) }
    self.handle = handle
  }

  deinit { ct_tensor_free(handle) }

  /// Sizes, outermost first.
  public var shape: [Int] {
    (0..<ct_tensor_rank(handle)).map { Int(ct_tensor_size(handle, $0)) }
  }

  /// The size of one dimension; negative ones count from the last. 0 when there is no such dimension.
  public func size(_ dim: Int) -> Int {
    max(0, Int(ct_tensor_size(handle, Int32(clamping: dim))))
  }

  public var rank: Int { Int(ct_tensor_rank(handle)) }

  /// Elements in all.
  public var count: Int { Int(ct_tensor_count(handle)) }

  /// The type of the elements; `nil` for a type this library does not use.
  public var dtype: DType? { DType(c: ct_tensor_dtype(handle)) }

  public var device: Device { Device(c: ct_tensor_device(handle)) }

  public var isContiguous: Bool { ct_tensor_is_contiguous(handle) }
}

extension Tensor {
  /// Memory of `shape` with whatever was in it.
  public static func empty(_ shape: [Int], _ dtype: DType, on device: Device = .cpu) throws(TorchError)
    -> Tensor
  {
    try Tensor("empty", []) { shape.withSizes { ct_tensor_empty($0, $1, dtype.c, device.c) } }
  }

  /// `shape` with every element equal to `value`.
  public static func full(
    _ value: Double, _ shape: [Int], _ dtype: DType = .float32, on device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try Tensor("full", []) { shape.withSizes { ct_tensor_full(value, $0, $1, dtype.c, device.c) } }
  }

  public static func zeros(
    _ shape: [Int], _ dtype: DType = .float32, on device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try full(0, shape, dtype, on: device)
  }

  /// A copy of `values`, row-major.
  /// - Parameter shape: one dimension when `nil`.
  /// - Throws: when `shape` has another number of elements, or `Element` is none of `DType`'s.
  public convenience init<Element: TensorElement>(_ values: [Element], _ shape: [Int]? = nil)
    throws(TorchError)
  {
    let shape = shape ?? [values.count]
    let storage = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(1, values.count))
    _ = storage.initialize(from: values)
    guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, { $0 &* $1 }) == values.count else {
      storage.deallocate()
      throw TorchError(
        kind: .invalid, operation: "tensor", shapes: [shape], message: "\(values.count) values do not fill it"
      )
    }
    try self.init("from_blob", []) {
      shape.withSizes { sizes, rank in
        ct_tensor_from_memory(
          storage.baseAddress, sizes, rank, Element.dtype.c, { $0?.deallocate() }, storage.baseAddress)
      }
    }
  }

  /// All elements, row-major, converted to `Element` first.
  public func values<Element: TensorElement>(_: Element.Type = Element.self) throws(TorchError) -> [Element] {
    let source = try to(Element.dtype)
    let total = source.count
    var copied = false
    let result = [Element](unsafeUninitializedCapacity: total) { buffer, initialized in
      copied = ct_tensor_copy_out(source.handle, buffer.baseAddress, total * MemoryLayout<Element>.stride)
      initialized = copied ? total : 0
    }
    if !copied { throw .last("copy_out", [self]) }
    return result
  }

  /// Calls `body` with the bytes of a contiguous host tensor, to fill or to read them.
  /// - Throws: `TorchError` for any other tensor, or what `body` throws.
  public func withBytes<Value>(_ body: (UnsafeMutableRawBufferPointer) throws -> Value) throws -> Value {
    let bytes = count * (dtype?.byteCount ?? 0)
    guard let base = ct_tensor_data(handle) else {
      if bytes == 0 { return try body(UnsafeMutableRawBufferPointer(start: nil, count: 0)) }
      throw TorchError.last("data", [self])
    }
    return try body(UnsafeMutableRawBufferPointer(start: base, count: bytes))
  }

  /// Takes over the elements of `source`, converted: for memory that no operation has read yet.
  /// - Parameter source: of the same shape, of any type and device.
  public func fill(from source: Tensor) throws(TorchError) {
    if !ct_tensor_copy(handle, source.handle) { throw .last("copy", [self, source]) }
  }

  /// Asks for huge pages behind a contiguous host tensor that nothing has touched yet: filling it then takes
  /// one page fault in 512.
  public func adviseHugePages() throws(TorchError) {
    if !ct_tensor_advise_huge_pages(handle) { throw .last("madvise", [self]) }
  }

  /// The same bytes read as `dtype`; the last size changes with the width of an element.
  public func view(as dtype: DType) throws(TorchError) -> Tensor {
    try Tensor("view", [self]) { ct_view_dtype(handle, dtype.c) }
  }

  /// The same elements as `dtype`; the tensor itself when it already is.
  public func to(_ dtype: DType) throws(TorchError) -> Tensor {
    if self.dtype == dtype { return self }
    return try Tensor("to", [self]) { ct_to_dtype(handle, dtype.c) }
  }

  /// The same elements as `other` has them.
  public func to(formatOf other: Tensor) throws(TorchError) -> Tensor {
    try other.dtype.map { (dtype) throws(TorchError) in try to(dtype) } ?? self
  }

  /// The same elements on `device`; the tensor itself when it already is.
  public func to(_ device: Device) throws(TorchError) -> Tensor {
    if self.device == device { return self }
    return try Tensor("to", [self]) { ct_to_device(handle, device.c) }
  }

  /// The same elements in row-major order; the tensor itself when it already is.
  public func contiguous() throws(TorchError) -> Tensor {
    if isContiguous { return self }
    return try Tensor("contiguous", [self]) { ct_contiguous(handle) }
  }
}

/// A Swift number that a tensor can hold.
public protocol TensorElement: BitwiseCopyable {
  static var dtype: DType { get }
}

extension Double: TensorElement { public static var dtype: DType { .float64 } }
extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }

extension [Int] {
  /// The sizes as the shim takes them.
  func withSizes<Value>(_ body: (UnsafePointer<Int64>?, Int32) -> Value) -> Value {
    let sizes = map(Int64.init)
    return sizes.withUnsafeBufferPointer { body($0.baseAddress, Int32(clamping: $0.count)) }
  }
}
