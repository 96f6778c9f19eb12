import Foundation
import Safetensors

/// A safetensors file in memory, to be changed and written again.
struct SafetensorsCopy {
  struct Tensor {
    var dtype: Safetensors.DType
    var shape: [Int]
    var data: Data

    init(_ dtype: Safetensors.DType, _ shape: [Int], _ data: Data) {
      (self.dtype, self.shape, self.data) = (dtype, shape, data)
    }

    /// As many zeros as the shape needs.
    init(_ dtype: Safetensors.DType, zeros shape: [Int]) {
      self.init(dtype, shape, Data(count: dtype.byteCount * shape.reduce(1, *)))
    }
  }

  var tensors: [String: Tensor] = [:]
  var metadata: [String: String] = [:]

  init() {}

  init(path: String) throws {
    let bytes = try Data(contentsOf: URL(filePath: path))
    let header = try SafetensorsFile(path: path).header
    metadata = header.metadata
    for (name, info) in header.tensors {
      tensors[name] = Tensor(info.dtype, info.shape, bytes[info.offset..<info.offset + info.byteCount])
    }
  }

  private enum Member: Encodable {
    case tensor(Entry), metadata([String: String])

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .tensor(let entry): try entry.encode(to: encoder)
      case .metadata(let notes): try notes.encode(to: encoder)
      }
    }
  }

  private struct Entry: Encodable {
    let dtype: String, shape: [Int], dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  func encoded() throws -> Data {
    var entries: [String: Member] = metadata.isEmpty ? [:] : ["__metadata__": .metadata(metadata)]
    var data = Data()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      entries[name] = .tensor(
        Entry(
          dtype: tensor.dtype.rawValue, shape: tensor.shape,
          dataOffsets: [data.count, data.count + tensor.data.count]))
      data.append(tensor.data)
    }
    let header = try JSONEncoder().encode(entries)
    let length = UInt64(header.count).littleEndian
    return withUnsafeBytes(of: length) { Data($0) } + header + data
  }
}
