import Foundation
import NN
import Safetensors
import TestSupport
import Torch

@testable import StableDiffusion

/// Files of the repository that the suite reads.
enum Fixture {
  static func path(_ name: String) -> String { Repository.root.appending(path: name).path }

  static func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: path(name))) }

  static func decode<Value: Decodable>(_ name: String, as: Value.Type = Value.self) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: bytes("Tests/Fixtures/\(name)"))
  }
}

/// One file of Tests/Fixtures/modules, tiny or pocket: weights, inputs and answers.
struct Recorded {
  let file: SafetensorsFile

  init(_ name: String) throws {
    file = try SafetensorsFile(path: Fixture.path("Tests/Fixtures/\(name).safetensors"))
  }

  /// The weights of a module, under diffusers' names.
  var module: Weights { Weights(WeightStore(file))["weights"] }

  /// The weights of a whole network, under a checkpoint's names.
  var network: Weights {
    let names = SingleFileNames(keys: file.header.names)
    var sources: [String: WeightSource] = [:]
    for (key, info) in file.header.tensors where !Checkpoint.passesOver(key) {
      for target in names.targets(key) { sources[target.name] = WeightSource(info, target.operation) }
    }
    return Weights(WeightStore(file, sources: sources))
  }

  /// An input or an answer: F32 or I64, as recorded.
  func callAsFunction(_ name: String) throws -> Tensor {
    guard let info = file.header.tensors[name], info.dtype == .float32 || info.dtype == .int64 else {
      throw WeightError(file: file.name, tensor: name, problem: .missing)
    }
    let tensor = try Tensor.empty(info.shape, info.dtype == .float32 ? .float32 : .int64)
    try tensor.withBytes { try file.read(info, into: $0) }
    return tensor
  }

  func rows(_ name: String) throws -> [[Double]] {
    let tensor = try self(name)
    let values = try tensor.values(Double.self)
    let width = tensor.size(-1)
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }
}

/// The largest difference, as a share of the largest expected value; infinite when the shapes differ.
func difference(_ actual: Tensor, _ expected: Tensor) throws -> Double {
  guard actual.shape == expected.shape, try actual.allFinite() else { return .infinity }
  let apart = try (actual - expected).minMax()
  let range = try expected.minMax()
  return max(abs(apart.min), abs(apart.max)) / max(abs(range.min), abs(range.max))
}

/// Runs a test's tensor work: without autograd, and on one thread, since the suites share the machine's
/// cores and teams of threads that wait for each other stand still.
func onTorch<Value>(_ body: () throws -> Value) rethrows -> Value {
  Runtime.threads = 1
  return try Runtime.inference(body)
}
