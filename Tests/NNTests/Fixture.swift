import Foundation
import NN
import Safetensors
import TestSupport
import Torch

/// Weights, inputs and answers of one module, from Tests/Fixtures/modules.
struct RecordedModule {
  let file: SafetensorsFile

  init(_ name: String) throws {
    let path = Repository.root.appending(path: "Tests/Fixtures/modules/\(name).safetensors").path
    file = try SafetensorsFile(path: path)
  }

  var weights: Weights { Weights(WeightStore(file))["weights"] }

  /// An input or an answer, in the type it was recorded in.
  func callAsFunction(_ name: String) throws -> Tensor {
    guard let info = file.header.tensors[name], let dtype = Torch.DType(info.dtype) else {
      throw WeightError(file: file.name, tensor: name, problem: .missing)
    }
    let tensor = try Tensor.empty(info.shape, dtype)
    try tensor.withBytes { try file.read(info, into: $0) }
    return tensor
  }
}

extension Torch.DType {
  /// The types that fixtures use.
  fileprivate init?(_ dtype: Safetensors.DType) {
    switch dtype {
    case .float32: self = .float32
    case .float16: self = .float16
    case .int64: self = .int64
    default: return nil
    }
  }
}

/// The largest difference, as a share of the largest expected value; infinite when the shapes differ.
func difference(_ actual: Tensor, _ expected: Tensor) throws -> Double {
  guard actual.shape == expected.shape, try actual.allFinite() else { return .infinity }
  let apart = try (actual - expected).minMax()
  let range = try expected.minMax()
  return max(abs(apart.min), abs(apart.max)) / max(abs(range.min), abs(range.max))
}

/// A small safetensors file in a folder of its own, removed with the last reference.
final class SmallFile {
  let folder: TemporaryFolder
  let file: SafetensorsFile

  struct Content {
    let dtype: String, shape: [Int], bytes: [UInt8]

    init(_ dtype: String, _ shape: [Int], _ bytes: [UInt8]) {
      (self.dtype, self.shape, self.bytes) = (dtype, shape, bytes)
    }

    /// 0, 1, 2, … as F32.
    static func counting(_ shape: [Int]) -> Content {
      let values = (0..<shape.reduce(1, *)).map { Float($0) }
      return Content("F32", shape, values.flatMap { littleEndian($0.bitPattern) })
    }
  }

  init(_ tensors: [String: Content], name: String = "small.safetensors") throws {
    var entries: [String] = []
    var data: [UInt8] = []
    for (key, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      let range = "\(data.count),\(data.count + tensor.bytes.count)"
      entries.append(
        #""\#(key)":{"dtype":"\#(tensor.dtype)","shape":\#(tensor.shape),"data_offsets":[\#(range)]}"#)
      data += tensor.bytes
    }
    let header = Array("{\(entries.joined(separator: ","))}".utf8)
    folder = try TemporaryFolder()
    let path = try folder.write(littleEndian(UInt64(header.count)) + header + data, to: name)
    file = try SafetensorsFile(path: path)
  }
}

/// A number as the bytes of a file.
func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
