import Safetensors
import Testing
import Torch

@testable import NN

@Suite struct TensorReaderTests {
  /// Float16 1, 2, 3; the E4M3 and BF16 numbers 1 and −2; F32.
  private func file(_ last: [UInt8] = [0x00, 0x42]) throws -> SmallFile {
    try SmallFile([
      "a": .init("F16", [1], [0x00, 0x3C]), "b": .init("F16", [2, 1], [0x00, 0x40] + last),
      "c": .init("F8_E4M3", [2], [0x38, 0xC0]), "d": .init("BF16", [1, 2], [0x80, 0x3F, 0x00, 0xC0]),
      "e": .counting([2, 3]),
    ])
  }

  /// Whether they come in one piece or one by one.
  @Test(arguments: [1 << 26, 4, 1]) func everyFormatInItsShape(pieceBytes: Int) throws {
    let small = try file()
    let reader = TensorReader(small.file, device: .cpu, pieceBytes: pieceBytes)
    var bytes = 0
    let tensors = try reader.read(Array(small.file.header.tensors.values)) { bytes += $0 }
    #expect(bytes == 6 + 2 + 4 + 24)
    #expect(tensors.mapValues(\.shape) == ["a": [1], "b": [2, 1], "c": [2], "d": [1, 2], "e": [2, 3]])
    #expect(
      tensors.mapValues(\.dtype) == [
        "a": .float16, "b": .float16, "c": .float16, "d": .bfloat16, "e": .float32,
      ])
    #expect(
      try tensors.mapValues { try $0.values(Float.self) } == [
        "a": [1], "b": [2, 3], "c": [1, -2], "d": [1, -2], "e": [0, 1, 2, 3, 4, 5],
      ])
  }

  @Test func namesWhatIsNotFinite() throws {
    let small = try file([0x00, 0x7E])
    let reader = TensorReader(small.file, device: .cpu)
    let error = #expect(throws: WeightError.self) {
      try reader.read(Array(small.file.header.tensors.values)) { _ in }
    }
    #expect(error == WeightError(file: "small.safetensors", tensor: "b", problem: .nonfinite))
    #expect(error?.description == "small.safetensors: tensor b has numbers that are not finite")
  }
}

@Suite struct ParameterTests {
  @Test func aPatchStandsInPlaceOfTheWeight() throws {
    let small = try SmallFile(["l.weight": .counting([2, 2]), "l.bias": .counting([2])])
    let store = WeightStore(small.file)
    let layer = try Linear(Weights(store)["l"], 2, 2)
    let x = try Tensor([1, 1] as [Float], [1, 2])
    #expect(try layer(x).values(Float.self) == [1, 6])
    #expect(Set(store.parameters.names) == ["l.weight", "l.bias"])
    store.parameters["l.weight"]?.patch = try Tensor([1, 0, 0, 1] as [Float], [2, 2])
    store.parameters["l.bias"]?.patch = try Tensor([5, 5] as [Float])
    #expect(try layer(x).values(Float.self) == [6, 6])
    store.parameters.dropPatches { $0 == "l.bias" }
    #expect(try layer(x).values(Float.self) == [1, 2])
    store.parameters.dropPatches()
    #expect(try layer(x).values(Float.self) == [1, 6])
  }
}
