/// The element type of a tensor. The raw values are the file's spelling, in which case matters.
///
/// Source: huggingface/safetensors `tensor.rs`, Dtype; only types of whole bytes that checkpoints use.
public enum DType: String, Sendable, CaseIterable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case float8E4M3 = "F8_E4M3"
  case float8E5M2 = "F8_E5M2"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint8 = "U8"
  case bool = "BOOL"

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .float8E4M3, .float8E5M2, .int8, .uint8, .bool: 1
    }
  }
}
