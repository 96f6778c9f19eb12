import Testing

@testable import Torch

@Suite struct TensorTests {
  @Test func describesItself() throws {
    let x = try Tensor([1, 2, 3, 4, 5, 6] as [Float], [2, 3])
    #expect(x.shape == [2, 3])
    #expect(x.rank == 2)
    #expect(x.count == 6)
    #expect(x.size(-1) == 3)
    #expect(x.size(7) == 0)
    #expect(x.dtype == .float32)
    #expect(x.device == .cpu)
    #expect(x.isContiguous)
    #expect(try x.values(Float.self) == [1, 2, 3, 4, 5, 6])
  }

  @Test func emptyAndScalarTensors() throws {
    #expect(try Tensor([] as [Float], [0]).values(Float.self).isEmpty)
    #expect(try Tensor([7] as [Double], []).shape == [])
    #expect(try Tensor.empty([0, 3], .float16).shape == [0, 3])
  }

  @Test func fullAndZeros() throws {
    #expect(try Tensor.full(2.5, [2, 2], .bfloat16).values(Double.self) == [2.5, 2.5, 2.5, 2.5])
    #expect(try Tensor.zeros([3], .int64).values(Int64.self) == [0, 0, 0])
  }

  @Test(arguments: DType.allCases) func convertsToEveryType(_ dtype: DType) throws {
    let x = try Tensor([0, 1] as [Float]).to(dtype)
    #expect(x.dtype == dtype)
    #expect(try x.values(Float.self) == [0, 1])
    #expect(try Tensor.empty([4], dtype).withBytes { $0.count } == 4 * dtype.byteCount)
  }

  @Test func bytesAreTheElements() throws {
    let x = try Tensor.zeros([2], .float32)
    try x.withBytes { $0.storeBytes(of: Float(3), toByteOffset: 4, as: Float.self) }
    #expect(try x.values(Float.self) == [0, 3])
    #expect(throws: TorchError.self) {
      try Tensor([1, 2, 3, 4] as [Float], [2, 2]).transpose(0, 1).withBytes { _ in }
    }
  }

  @Test func views() throws {
    let x = try Tensor([0, 1, 2, 3, 4, 5] as [Float], [2, 3])
    #expect(try x.reshape(3, -1).shape == [3, 2])
    #expect(try x.transpose(0, 1).values(Float.self) == [0, 3, 1, 4, 2, 5])
    #expect(try x.permute(1, 0).contiguous().isContiguous)
    #expect(try x.narrow(1, from: 1, length: 2).values(Float.self) == [1, 2, 4, 5])
    #expect(
      try x.reshape(2, 3, 1).expand(2, 3, 2).values(Float.self) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    #expect(try cat([x, x], dim: 1).values(Float.self) == [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5])
    #expect(try x.to(.cpu) === x)
    #expect(try x.to(.float32) === x)
  }
}

@Suite struct FailureTests {
  private func failure(_ body: () throws -> Tensor) -> TorchError? {
    do {
      _ = try body()
      return nil
    } catch {
      return error as? TorchError
    }
  }

  @Test func namesTheOperationAndTheShapes() throws {
    let a = try Tensor.zeros([2, 3])
    let b = try Tensor.zeros([4, 5])
    let error = try #require(failure { try matmul(a, b) })
    #expect(error.kind == .invalid)
    #expect(error.operation == "matmul")
    #expect(error.shapes == [[2, 3], [4, 5]])
    #expect(error.description.contains("matmul([2, 3], [4, 5])"))
  }

  @Test func everyOperationRefusesWhatDoesNotFit() throws {
    let x = try Tensor.zeros([2, 3])
    let y = try Tensor.zeros([5, 7])
    let image = try Tensor.zeros([1, 4, 4, 4])
    let row = try Tensor.zeros([5])
    let tests: [(String, () throws -> Tensor)] = [
      ("add", { try x + y }), ("sub", { try x - y }), ("mul", { try x * y }), ("div", { try x / y }),
      ("reshape", { try x.reshape(4, 4) }), ("transpose", { try x.transpose(0, 9) }),
      ("permute", { try x.permute(0, 0) }), ("narrow", { try x.narrow(0, from: 1, length: 5) }),
      ("expand", { try x.expand(9, 9) }), ("cat", { try cat([x, y], dim: 0) }),
      ("cat", { try cat([], dim: 0) }),
      ("linear", { try linear(x, y, nil) }),
      ("conv2d", { try conv2d(image, x, nil, stride: 1, padding: 0) }),
      ("conv2d", { try conv2d(image, image, nil, stride: 0, padding: 0) }),
      ("conv_transpose2d", { try convTranspose2d(image, x, nil, stride: 2) }),
      ("group_norm", { try groupNorm(image, groups: 3, row, row, eps: 1e-5) }),
      ("group_norm", { try groupNorm(image, groups: 0, row, row, eps: 1e-5) }),
      ("layer_norm", { try layerNorm(x, row, row, eps: 1e-5) }),
      ("softmax", { try softmax(x, dim: 4) }),
      ("scaled_dot_product_attention", { try scaledDotProductAttention(x, x, x) }),
      (
        "scaled_dot_product_attention",
        { try scaledDotProductAttention(image, image, Tensor.zeros([1, 4, 5, 4])) }
      ),
      ("embedding", { try embedding(x, Tensor([9] as [Int64])) }),
      ("upsample_nearest2d", { try upsampleNearest2d(x, height: 4, width: 4) }),
      ("upsample_bilinear2d", { try upsampleBilinear2d(x, height: 4, width: 4) }),
      ("upsample_bicubic2d", { try upsampleBicubic2d(x, height: 4, width: 4) }),
      ("constant_pad_nd", { try pad2d(x, left: -9) }),
      ("randn", { try Generator(seed: 0).randn([-1]) }), ("empty", { try Tensor.empty([-2], .float32) }),
      ("full", { try Tensor.full(0, [-2]) }),
    ]
    for (operation, body) in tests {
      let error = failure(body)
      #expect(error?.operation == operation, "\(operation) accepted what does not fit")
      #expect(error?.message.isEmpty == false)
    }
    #expect(throws: TorchError.self) { try Tensor.zeros([0]).minMax() }
    #expect(failure { try Tensor([1, 2, 3] as [Float], [2, 2]) }?.operation == "tensor")
  }

  @Test func memoryThatIsNotThereIsAnError() throws {
    let error = try #require(failure { try Tensor.empty([1 << 40, 1 << 10], .float32) })
    #expect(error.kind == .outOfMemory)
  }

  @Test func aGPUThatIsNotThereIsAnError() throws {
    let error = failure { try Tensor.zeros([1]).to(.cuda(63)) }
    #expect(error?.operation == "to")
  }
}

@Suite(.serialized) struct LeakTests {
  @Test func everyTensorIsFreed() throws {
    let before = Runtime.liveTensors
    let calls = Runtime.calls
    try Runtime.inference {
      let x = try Tensor.full(1, [8])
      for _ in 0..<50_000 {
        let y = try x + 1.0
        _ = try y * 2.0
      }
      for _ in 0..<100 { _ = try? x.reshape(3) }
    }
    #expect(Runtime.calls - calls >= 100_000)
    // Other suites run beside this one: they hold a handful, a leak would hold 100,000.
    #expect(Runtime.liveTensors - before < 1_000)
  }

  @Test func fillsInPlaceFromAnotherType() throws {
    let target = try Tensor.empty([2, 3], .bfloat16)
    try target.adviseHugePages()
    try target.fill(from: Tensor([1, 2, 3, 4, 5, 6] as [Float], [2, 3]))
    try target.narrow(0, from: 1, length: 1).fill(from: Tensor([7, 8, 9] as [Double], [1, 3]))
    #expect(try target.values(Float.self) == [1, 2, 3, 7, 8, 9])
    #expect(throws: TorchError.self) { try target.fill(from: Tensor([1] as [Float])) }
  }

  @Test func viewsBytesAsNumbers() throws {
    let bytes = try Tensor([0x00, 0x3C, 0x00, 0xC0] as [UInt8])
    #expect(try bytes.view(as: .float16).values(Float.self) == [1, -2])
    #expect(throws: TorchError.self) { try bytes.narrow(0, from: 0, length: 3).view(as: .float16) }
  }
}
