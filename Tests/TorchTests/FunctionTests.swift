import Testing

@testable import Torch

private func close(_ x: Tensor, _ expected: [Float], within tolerance: Float = 1e-5) throws -> Bool {
  let values = try x.values(Float.self)
  return values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) <= tolerance }
}

/// Expected numbers: torch 2.13's Python functions, rounded to six places.
@Suite struct FunctionTests {
  let x: Tensor
  let image: Tensor

  init() throws {
    x = try Tensor([-2, -0.5, 0, 1, 2, 3] as [Float], [2, 3])
    image = try Tensor((0..<16).map { Float($0) }, [1, 1, 4, 4])
  }

  @Test func arithmetic() throws {
    let y = try Tensor([1, 2, 4] as [Float])
    #expect(try close(x + y, [-1, 1.5, 4, 2, 4, 7]))
    #expect(try close(x - y, [-3, -2.5, -4, 0, 0, -1]))
    #expect(try close(x * y, [-2, -1, 0, 1, 4, 12]))
    #expect(try close(x / y, [-2, -0.25, 0, 1, 1, 0.75]))
    #expect(try close(x + 1.5, [-0.5, 1, 1.5, 2.5, 3.5, 4.5]))
    #expect(try close(x * -2.0, [4, 1, 0, -2, -4, -6]))
    #expect(try close(x.clamp(-1...2), [-1, -0.5, 0, 1, 2, 2]))
    #expect(try close(Tensor([0.5, 1.5, 2.5, -0.5] as [Float]).round(), [0, 2, 2, 0]))
  }

  @Test func elementaryFunctions() throws {
    #expect(try close(exp(x), [0.135335, 0.606531, 1, 2.718282, 7.389056, 20.085537]))
    #expect(try close(sqrt(Tensor([0, 4, 2] as [Float])), [0, 2, 1.414214]))
    #expect(try close(tanh(x), [-0.964028, -0.462117, 0, 0.761594, 0.964028, 0.995055]))
    #expect(try close(sigmoid(x), [0.119203, 0.377541, 0.5, 0.731059, 0.880797, 0.952574]))
    #expect(try close(silu(x), [-0.238406, -0.188770, 0, 0.731059, 1.761594, 2.857722]))
    #expect(try close(gelu(x), [-0.045500, -0.154269, 0, 0.841345, 1.954500, 2.995950]))
    #expect(
      try close(softmax(x, dim: 1), [0.0777, 0.3482, 0.5741, 0.0900, 0.2447, 0.6652], within: 1e-4))
    #expect(try close(softmax(Tensor([1, 2, 3] as [Float]), dim: 0), [0.090031, 0.244728, 0.665241]))
  }

  @Test func products() throws {
    let w = try Tensor([1, 0, 2, 0, 1, -1] as [Float], [2, 3])
    #expect(try close(matmul(x, w.transpose(0, 1)), [-2, -0.5, 7, -1]))
    let square = try Tensor([1, 2, 3, 4] as [Float], [2, 2])
    #expect(try close(addmm(square, x, w.transpose(0, 1), alpha: -0.5), [2, 2.25, -0.5, 4.5]))
    #expect(try close(linear(x, w, Tensor([10, 20] as [Float])), [8, 19.5, 17, 19]))
    #expect(try close(linear(x, w, nil), [-2, -0.5, 7, -1]))
  }

  @Test func convolution() throws {
    let w = try Tensor([0, 1, 0, 1, -4, 1, 0, 1, 0] as [Float], [1, 1, 3, 3])
    let y = try conv2d(image, w, Tensor([0.5] as [Float]), stride: 1, padding: 0)
    #expect(y.shape == [1, 1, 2, 2])
    #expect(try close(y, [0.5, 0.5, 0.5, 0.5]))
    #expect(try conv2d(image, w, nil, stride: 2, padding: 1).shape == [1, 1, 2, 2])
    #expect(try close(conv2d(image, w, nil, stride: 2, padding: 1), [5, 2, -7, 0]))
  }

  /// Against the same in float32 on the same rounded numbers: half a place of bfloat16, and a little.
  @Test(arguments: [[3, 320], [2, 64, 9, 7], [1, 1], [5, 1280]]) func geluInBFloat16(shape: [Int]) throws {
    let x = try (Generator(seed: 5).randn(shape) * 3.0).to(.bfloat16)
    let y = try gelu(x)
    #expect(y.dtype == .bfloat16 && y.shape == shape)
    for (a, e) in zip(try y.values(Float.self), try gelu(x.to(.float32)).values(Float.self)) {
      #expect(abs(a - e) <= abs(e) / 250 + 2e-5)
    }
  }

  @Test func bfloat16KeepsWhatIsNotFinite() throws {
    let x = try Tensor([.nan, .infinity, -.infinity, -100, 100, 0] as [Float]).to(.bfloat16)
    let y = try gelu(x).values(Float.self)
    #expect(y.prefix(3).allSatisfy { !$0.isFinite })
    #expect(abs(y[3]) < 1e-30 && y[4] == 100 && y[5] == 0)
  }

  @Test func varianceAndMean() throws {
    let (variance, mean) = try varMean(x, dim: 1)
    #expect(mean.shape == [2, 1] && variance.shape == [2, 1])
    #expect(try close(mean, [-0.833333, 2]))
    #expect(try close(variance, [0.722222, 0.666667]))
  }

  @Test func norms() throws {
    let two = try Tensor([1, 2, 3, 4, 10, 20, 30, 40] as [Float], [1, 2, 2, 2])
    let weight = try Tensor([1, 2] as [Float])
    let bias = try Tensor([0, 1] as [Float])
    #expect(
      try close(
        groupNorm(two, groups: 2, weight, bias, eps: 1e-5),
        [-1.341636, -0.447212, 0.447212, 1.341636, -1.683282, 0.105573, 1.894427, 3.683281]))
    #expect(
      try close(
        layerNorm(Tensor([1, 3] as [Float], [1, 2]), weight, bias, eps: 1e-5), [-0.999995, 2.999990]))
  }

  @Test func resizing() throws {
    let y = try upsampleNearest2d(Tensor([1, 2, 3, 4] as [Float], [1, 1, 2, 2]), height: 3, width: 4)
    #expect(try close(y, [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4]))
    let padded = try pad2d(
      Tensor([1, 2, 3, 4] as [Float], [1, 1, 2, 2]), left: 0, right: 1, top: 1, bottom: 0)
    #expect(try close(padded, [0, 0, 0, 1, 2, 0, 3, 4, 0]))
  }

  @Test func embeddingTakesRows() throws {
    #expect(try close(embedding(x, Tensor([1, 0, 1] as [Int64])), [1, 2, 3, -2, -0.5, 0, 1, 2, 3]))
  }

  @Test func questions() throws {
    #expect(try x.allFinite())
    #expect(try Tensor([1, .nan] as [Float]).allFinite() == false)
    #expect(try Tensor([1, .infinity] as [Float]).allFinite() == false)
    #expect(try x.minMax() == (-2, 3))
  }

  @Test func attention() throws {
    let q = try Tensor([1, 0, 0, 1, 1, 1] as [Float], [1, 1, 3, 2])
    let v = try Tensor([1, 2, 3, 4, 5, 6] as [Float], [1, 1, 3, 2])
    // softmax([1,0,1]/√2) = [0.401112, 0.197776, 0.401112], and so on.
    #expect(
      try close(
        scaledDotProductAttention(q, q, v), [3, 4, 3.406675, 4.406675, 3.5105, 4.5105], within: 1e-4))
    let causal = try scaledDotProductAttention(q, q, v, mask: .causal).values(Float.self)
    #expect(causal[0] == 1 && causal[1] == 2)
    #expect(abs(causal[2] - 2.339523) < 1e-4)
  }

  /// Longer than one block of queries: the blocks must not show.
  @Test func attentionInBlocks() throws {
    let generator = try Generator(seed: 3)
    let q = try generator.randn([1, 2, 9000, 8])
    let whole = try scaledDotProductAttention(q, q, q)
    let tail = try scaledDotProductAttention(q.narrow(2, from: 8990, length: 10), q, q)
    #expect(try close(whole.narrow(2, from: 8990, length: 10), tail.values(Float.self), within: 1e-5))
  }

  @Test func runtime() {
    #expect(Runtime.version.contains("."))
    #expect(Runtime.threads >= 1)
    #expect(Device.cudaCount >= 0)
    #expect(Device.cpu.allocatedBytes == nil)
    #expect(Device.cuda(1).description == "cuda:1")
  }
}

/// torch.randn from torch.Generator("cpu").manual_seed(42), printed by Python.
@Suite struct GeneratorTests {
  @Test func equalsTorch() throws {
    let first = try Generator(seed: 42).randn([4]).values(Float.self)
    #expect(zip(first, [0.3367, 0.1288, 0.2345, 0.2303] as [Float]).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test func usesTheLow32Bits() throws {
    let a = try Generator(seed: 7).randn([32]).values(Float.self)
    #expect(try Generator(seed: 7 + (1 << 32)).randn([32]).values(Float.self) == a)
    #expect(try Generator(seed: 8).randn([32]).values(Float.self) != a)
  }
}
