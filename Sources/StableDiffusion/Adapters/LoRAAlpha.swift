import NN
import Safetensors

/// The single number of a tensor.
enum LoRAAlpha {
  /// - Throws: `LoRAError` for more or fewer numbers than one, or one that is not finite; `SafetensorsError`.
  static func read(_ info: TensorInfo, _ file: SafetensorsFile) throws -> Double {
    guard info.shape.allSatisfy({ $0 == 1 }) else {
      throw LoRAError(file: file.name, tensor: info.name, "has shape \(info.shape), expected a single number")
    }
    var bits: UInt64 = 0
    try withUnsafeMutableBytes(of: &bits) {
      try file.read(info, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<info.byteCount]))
    }
    bits = UInt64(littleEndian: bits)
    guard let value = number(bits, info.dtype), value.isFinite else {
      throw LoRAError(file: file.name, tensor: info.name, "is no finite number")
    }
    return value
  }

  /// - Parameter bits: the number's, above them zeros. - Returns: `nil` for a type that no trainer writes.
  private static func number(_ bits: UInt64, _ dtype: DType) -> Double? {
    switch dtype {
    case .float64: Double(bitPattern: bits)
    case .float32: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .float16: Double(Float16(bitPattern: UInt16(truncatingIfNeeded: bits)))
    case .bfloat16: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits) << 16))
    // Trainers that are given a whole number write one.
    case .int64: Double(Int64(truncatingIfNeeded: bits))
    case .int32: Double(Int32(truncatingIfNeeded: bits))
    case .int16: Double(Int16(truncatingIfNeeded: bits))
    case .int8: Double(Int8(truncatingIfNeeded: bits))
    case .uint8: Double(UInt8(truncatingIfNeeded: bits))
    case .float8E4M3: Double(Float16(bitPattern: Float8.half(e4m3: UInt8(truncatingIfNeeded: bits))))
    case .float8E5M2: Double(Float16(bitPattern: Float8.half(e5m2: UInt8(truncatingIfNeeded: bits))))
    case .bool: nil
    }
  }
}
