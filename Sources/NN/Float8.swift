/// The two 8-bit number formats of checkpoints, widened to half precision, which holds each of their values.
/// Source: Micikevicius et al., "FP8 Formats for Deep Learning", 2022, table 1.
public enum Float8 {
  /// The float16 bits of an E4M3 number (bias 7, no infinities, NaN is all ones).
  public static func half(e4m3 byte: UInt8) -> UInt16 {
    let sign = UInt16(byte & 0x80) << 8
    let exponent = UInt16(byte >> 3 & 0xF)
    let mantissa = UInt16(byte & 0x7)
    switch (exponent, mantissa) {
    case (0xF, 0x7): return sign | 0x7E00
    case (0, 0): return sign
    case (0, _):
      // Subnormal: mantissa × 2⁻⁹, a normal number in half precision.
      let shift = UInt16(mantissa.leadingZeroBitCount - 13)
      return sign | (8 - shift) << 10 | (mantissa << (shift + 8) & 0x3FF)
    default: return sign | (exponent + 8) << 10 | mantissa << 7
    }
  }

  /// The float16 bits of an E5M2 number: the upper half of half precision.
  public static func half(e5m2 byte: UInt8) -> UInt16 { UInt16(byte) << 8 }

  static let e4m3 = (0...255).map { half(e4m3: UInt8($0)) }
  static let e5m2 = (0...255).map { half(e5m2: UInt8($0)) }
}
