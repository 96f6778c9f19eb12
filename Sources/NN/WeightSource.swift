public import Safetensors

/// What a tensor of a file becomes on its way into a network.
public enum WeightOperation: Sendable, Equatable {
  case none
  /// One of `of` equal parts of the rows: a fused projection, unfused.
  case rows(part: Int, of: Int)
  /// `[in, out]` to `[out, in]`.
  case transpose
  /// `[out, in, 1, 1]` to `[out, in]`; a matrix stays as it is.
  case squeeze
}

/// A tensor of a file, and how it is taken.
public struct WeightSource: Sendable {
  public let info: TensorInfo
  public let operation: WeightOperation

  public init(_ info: TensorInfo, _ operation: WeightOperation = .none) {
    (self.info, self.operation) = (info, operation)
  }

  /// The shape after the operation; `nil` when the operation does not fit the tensor.
  public var shape: [Int]? {
    switch operation {
    case .none: return info.shape
    case .rows(_, let parts):
      guard let rows = info.shape.first, parts > 0, rows % parts == 0 else { return nil }
      return [rows / parts] + info.shape.dropFirst()
    case .transpose: return info.shape.count == 2 ? info.shape.reversed() : nil
    case .squeeze:
      if info.shape.count == 2 { return info.shape }
      return info.shape.count == 4 && info.shape[2...] == [1, 1] ? Array(info.shape[..<2]) : nil
    }
  }

  /// Bytes of the file that are read for it, and where in the tensor they begin.
  public var partBytes: Int {
    if case .rows(_, let parts) = operation { info.byteCount / parts } else { info.byteCount }
  }

  var partOffset: Int {
    if case .rows(let part, _) = operation { partBytes * part } else { 0 }
  }

  /// The shape of what is read, before it is transposed or squeezed.
  var partShape: [Int] {
    guard case .rows(_, let parts) = operation, let rows = info.shape.first else { return info.shape }
    return [rows / parts] + info.shape.dropFirst()
  }
}
