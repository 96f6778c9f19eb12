import Safetensors
import Testing
import Torch

@testable import NN

/// How tensors get from a file into a network.
@Suite struct WeightStoreTests {
  private func source(_ file: SmallFile, _ name: String, _ operation: WeightOperation) throws -> WeightSource
  {
    WeightSource(try #require(file.file.header.tensors[name]), operation)
  }

  @Test func rowsAreUnfused() throws {
    let file = try SmallFile(["qkv": .counting([6, 2]), "bias": .counting([3])])
    var sources: [String: WeightSource] = [:]
    for part in 0..<3 {
      sources["\(part).weight"] = try source(file, "qkv", .rows(part: part, of: 3))
      sources["\(part).bias"] = try source(file, "bias", .rows(part: part, of: 3))
    }
    let weights = Weights(WeightStore(file.file, sources: sources))
    #expect(try weights[0].tensor("weight", [2, 2]).values(Float.self) == [0, 1, 2, 3])
    #expect(try weights[1].tensor("weight", [2, 2]).values(Float.self) == [4, 5, 6, 7])
    #expect(try weights[2].tensor("weight", [2, 2]).values(Float.self) == [8, 9, 10, 11])
    #expect(try (0..<3).map { try weights[$0].tensor("bias", [1]).values(Float.self) } == [[0], [1], [2]])
  }

  @Test func matricesAreTransposed() throws {
    let file = try SmallFile(["m": .counting([2, 3])])
    let store = WeightStore(file.file, sources: ["w": try source(file, "m", .transpose)])
    let w = try Weights(store).tensor("w", [3, 2])
    #expect(try w.values(Float.self) == [0, 3, 1, 4, 2, 5])
    #expect(w.isContiguous)
  }

  @Test func convolutionsOfOnePixelBecomeMatrices() throws {
    let file = try SmallFile(["conv": .counting([3, 2, 1, 1]), "matrix": .counting([3, 2])])
    for name in ["conv", "matrix"] {
      let store = WeightStore(file.file, sources: ["w": try source(file, name, .squeeze)])
      #expect(try Weights(store).tensor("w", [3, 2]).values(Float.self) == [0, 1, 2, 3, 4, 5])
    }
  }

  @Test(arguments: [
    ([5, 2], WeightOperation.rows(part: 0, of: 3)), ([], .rows(part: 0, of: 3)), ([6], .rows(part: 0, of: 0)),
    ([4], .transpose), ([2, 3, 4], .transpose), ([3, 2, 2, 1], .squeeze), ([6], .squeeze),
    ([3, 2, 1], .squeeze),
  ])
  func operationsThatDoNotFitAreShapeErrors(_ shape: [Int], _ operation: WeightOperation) throws {
    let file = try SmallFile(["odd": .counting(shape)])
    let source = try source(file, "odd", operation)
    #expect(source.shape == nil)
    let weights = Weights(WeightStore(file.file, sources: ["w": source]))
    #expect(
      throws: WeightError(
        file: "small.safetensors", tensor: "odd", problem: .shape(expected: [3, 2], found: shape))
    ) { try weights.tensor("w", [3, 2]) }
  }

  @Test func errorsNameFileAndTensor() throws {
    let file = try SmallFile(["in.file": .counting([2, 2])], name: "my model.safetensors")
    let store = WeightStore(file.file, sources: ["a.b": try source(file, "in.file", .none)])
    let weights = Weights(store)["a"]
    let missing = #expect(throws: WeightError.self) { try weights.tensor("c", [2, 2]) }
    #expect(missing?.description == "my model.safetensors: tensor a.c is missing")
    let shape = #expect(throws: WeightError.self) { try weights.tensor("b", [2, 3]) }
    #expect(shape?.description == "my model.safetensors: tensor in.file has shape [2, 2], expected [2, 3]")
    #expect(weights.unsuitable("b", "is odd").description == "my model.safetensors: tensor in.file: is odd")
    #expect(weights.unsuitable("c", "is odd").tensor == "a.c")
  }

  @Test(arguments: [("I64", 8), ("I32", 4), ("I16", 2), ("I8", 1), ("U8", 1), ("BOOL", 1)])
  func wholeNumbersAreNoWeights(_ dtype: String, size: Int) throws {
    let file = try SmallFile(["ids": .init(dtype, [2], [UInt8](repeating: 1, count: 2 * size))])
    let error = #expect(throws: WeightError.self) { try Weights(WeightStore(file.file)).tensor("ids", [2]) }
    #expect(
      error?.description == "small.safetensors: tensor ids is \(dtype), expected floating-point numbers")
  }

  @Test func everyFloatingPointTypeIsRead() throws {
    let file = try SmallFile([
      "f64": .init("F64", [2], littleEndian((1.5).bitPattern) + littleEndian((-2.0).bitPattern)),
      "f32": .init("F32", [2], littleEndian(Float(1.5).bitPattern) + littleEndian(Float(-2).bitPattern)),
      "f16": .init("F16", [2], littleEndian(UInt16(0x3E00)) + littleEndian(UInt16(0xC000))),
      "bf16": .init("BF16", [2], littleEndian(UInt16(0x3FC0)) + littleEndian(UInt16(0xC000))),
      "e4m3": .init("F8_E4M3", [2], [0x3C, 0xC0]),
      "e5m2": .init("F8_E5M2", [2], [0x3E, 0xC0]),
    ])
    for name in ["f64", "f32", "f16", "bf16", "e4m3", "e5m2"] {
      let tensor = try Weights(WeightStore(file.file)).tensor(name, [2])
      #expect(tensor.dtype == .float32)
      #expect(try tensor.values(Float.self) == [1.5, -2], "\(name)")
    }
  }

  @Test func whatNobodyAskedForIsListed() throws {
    let file = try SmallFile(["c": .counting([1]), "a": .counting([1]), "b.x": .counting([2])])
    let store = WeightStore(file.file)
    #expect(store.unused == ["a", "b.x", "c"])
    _ = try Weights(store)["b"].tensor("x", [2])
    #expect(store.unused == ["a", "c"])
    // A tensor that did not fit has not been used.
    #expect(throws: WeightError.self) { try Weights(store).tensor("a", [2]) }
    #expect(store.unused == ["a", "c"])
  }

  @Test func listsAreCountedAndFound() throws {
    let file = try SmallFile([
      "net.layers.0.w": .counting([1]), "net.layers.1.w": .counting([1]), "net.layers.2.w": .counting([1]),
      "net.layers.extra.w": .counting([1]), "net.bias": .counting([1]),
    ])
    let net = Weights(WeightStore(file.file))["net"]
    #expect(net.count("layers") == 3)
    #expect(net.count("blocks") == 0)
    #expect(net.has("layers") && net.has("bias") && net["layers"].has("extra"))
    #expect(!net.has("layer") && !net.has("w"))
  }

  /// What a file may say must not decide how much is allocated, nor overflow.
  @Test(arguments: ["9223372036854775807", "99999999999", "-1", "+1", "01", "92233720368547758070"])
  func strangeIndicesDoNotMakeListsLonger(_ index: String) throws {
    let file = try SmallFile([
      "l.0.w": .counting([1]), "l.1.w": .counting([1]), "l.\(index).w": .counting([1]),
    ])
    #expect((2...3).contains(Weights(WeightStore(file.file)).count("l")))
  }

  @Test func gapsInListsLeaveSomethingMissing() throws {
    let file = try SmallFile(["l.0.w": .counting([1]), "l.2.w": .counting([1])])
    let list = Weights(WeightStore(file.file))["l"]
    let count = Weights(WeightStore(file.file)).count("l")
    #expect(throws: WeightError(file: "small.safetensors", tensor: "l.1.w", problem: .missing)) {
      for index in 0..<count { _ = try list[index].tensor("w", [1]) }
    }
  }

  @Test func shapesForSizesAreChecked() throws {
    let file = try SmallFile(["m": .counting([2, 3]), "empty": .counting([0, 3])])
    let weights = Weights(WeightStore(file.file))
    #expect(try weights.shape("m", rank: 2) == [2, 3])
    #expect(throws: WeightError(file: "small.safetensors", tensor: "n", problem: .missing)) {
      try weights.shape("n", rank: 2)
    }
    for (name, rank) in [("m", 4), ("empty", 2)] {
      let error = #expect(throws: WeightError.self) { try weights.shape(name, rank: rank) }
      #expect(error?.tensor == name)
    }
  }

  @Test func progressCountsBytesAndMayStop() throws {
    struct Enough: Error {}
    let file = try SmallFile(["qkv": .counting([6, 2]), "w": .counting([5])])
    var read: [Int] = []
    let store = WeightStore(
      file.file,
      sources: ["q": try source(file, "qkv", .rows(part: 0, of: 3)), "w": try source(file, "w", .none)],
      progress: { bytes in
        read.append(bytes)
        if read.count == 2 { throw Enough() }
      })
    _ = try Weights(store).tensor("q", [2, 2])
    #expect(read == [16])
    #expect(throws: Enough.self) { try Weights(store).tensor("w", [5]) }
    #expect(read == [16, 20])
  }
}
