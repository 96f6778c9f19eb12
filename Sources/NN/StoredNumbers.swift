import Safetensors
import Torch

/// How a tensor's numbers stand in a file.
enum StoredNumbers: Equatable {
  case plain(Torch.DType)
  case float8E4M3, float8E5M2

  init(_ dtype: Safetensors.DType, file: String, tensor: String) throws(WeightError) {
    switch dtype {
    case .float64: self = .plain(.float64)
    case .float32: self = .plain(.float32)
    case .float16: self = .plain(.float16)
    case .bfloat16: self = .plain(.bfloat16)
    case .float8E4M3: self = .float8E4M3
    case .float8E5M2: self = .float8E5M2
    case .int64, .int32, .int16, .int8, .uint8, .bool:
      throw WeightError(file: file, tensor: tensor, problem: .dtype(dtype.rawValue))
    }
  }

  var byteCount: Int {
    switch self {
    case .plain(let dtype): dtype.byteCount
    case .float8E4M3, .float8E5M2: 1
    }
  }

  /// `bytes` as numbers that libtorch knows.
  func numbers(_ bytes: Tensor) throws -> Tensor {
    switch self {
    case .plain(let dtype): try bytes.view(as: dtype)
    case .float8E4M3: try widened(bytes, by: Float8.e4m3)
    case .float8E5M2: try widened(bytes, by: Float8.e5m2)
    }
  }

  private func widened(_ bytes: Tensor, by table: [UInt16]) throws -> Tensor {
    let halves = try Tensor.empty(bytes.shape, .float16)
    try bytes.withBytes { source in
      try halves.withBytes { destination in
        let target = destination.bindMemory(to: UInt16.self)
        table.withUnsafeBufferPointer { table in
          for (index, byte) in source.enumerated() { target[index] = table[Int(byte)] }
        }
      }
    }
    return halves
  }
}
