import CTorch

/// Other arrangements of the same elements. Source: the methods of `torch.Tensor` of the same names.
extension Tensor {
  /// One size may be -1: it is inferred from the others.
  public func reshape(_ shape: Int...) throws(TorchError) -> Tensor { try reshape(shape) }

  public func reshape(_ shape: [Int]) throws(TorchError) -> Tensor {
    try Tensor("reshape", [self]) { shape.withSizes { ct_reshape(handle, $0, $1) } }
  }

  /// The dimensions in the order `dims`.
  public func permute(_ dims: Int...) throws(TorchError) -> Tensor {
    try Tensor("permute", [self]) { dims.withSizes { ct_permute(handle, $0, $1) } }
  }

  public func transpose(_ dim0: Int, _ dim1: Int) throws(TorchError) -> Tensor {
    try Tensor("transpose", [self]) { ct_transpose(handle, Int64(dim0), Int64(dim1)) }
  }

  /// Sizes of 1 repeated up to `shape`, without a copy.
  public func expand(_ shape: Int...) throws(TorchError) -> Tensor {
    try Tensor("expand", [self]) { shape.withSizes { ct_expand(handle, $0, $1) } }
  }

  /// `length` slices of `dim`, from `start`.
  public func narrow(_ dim: Int, from start: Int, length: Int) throws(TorchError) -> Tensor {
    try Tensor("narrow", [self]) { ct_narrow(handle, Int64(dim), Int64(start), Int64(length)) }
  }
}

/// The tensors one after another along `dim`.
public func cat(_ tensors: [Tensor], dim: Int) throws(TorchError) -> Tensor {
  let handles: [OpaquePointer?] = tensors.map(\.handle)
  return try Tensor("cat", tensors) {
    handles.withUnsafeBufferPointer { ct_cat($0.baseAddress, Int32(clamping: $0.count), Int64(dim)) }
  }
}
