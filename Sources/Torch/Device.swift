import CTorch

/// Where a tensor's memory is.
public enum Device: Sendable, Hashable, CustomStringConvertible {
  case cpu
  case cuda(Int)

  /// `cpu` or `cuda:0`, as torch writes it.
  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }

  var c: ct_device {
    switch self {
    case .cpu: ct_device(kind: CT_CPU, index: 0)
    case .cuda(let index): ct_device(kind: CT_CUDA, index: Int32(clamping: index))
    }
  }

  init(c: ct_device) {
    self = c.kind == CT_CUDA ? .cuda(Int(c.index)) : .cpu
  }

  /// GPUs this libtorch can use; 0 without CUDA.
  public static var cudaCount: Int { Int(ct_cuda_device_count()) }

  /// Bytes held by tensors on this device; `nil` where libtorch cannot tell.
  public var allocatedBytes: Int? {
    guard case .cuda(let index) = self else { return nil }
    let bytes = ct_cuda_allocated_bytes(Int32(clamping: index))
    return bytes < 0 ? nil : Int(bytes)
  }

  /// Waits until the device has done all it was asked; returns at once on the CPU.
  /// - Throws: what an earlier operation on the device ran into.
  public func synchronize() throws(TorchError) {
    if !ct_synchronize(c) { throw .last("synchronize", []) }
  }

  /// Gives memory that was freed, but is kept for reuse, back: the GPU's to its driver, the host's to the system.
  public func emptyCache() throws(TorchError) {
    if !ct_empty_cache(c) { throw .last("empty_cache", []) }
  }
}
