import Testing
import Torch

@testable import NN

/// Every layer against what torch answers (Tests/Fixtures/modules).
@Suite struct LayerTests {
  @Test func linear() throws {
    let module = try RecordedModule("linear")
    let layer = try Linear(module.weights, 24, 16)
    #expect(try difference(layer(module("in.x")), module("out.y")) < 1e-5)
  }

  @Test func linearWithoutBias() throws {
    let module = try RecordedModule("linear_no_bias")
    let layer = try Linear(module.weights, 24, 16, bias: .absent)
    #expect(try difference(layer(module("in.x")), module("out.y")) < 1e-5)
    #expect(
      throws: WeightError(file: "linear_no_bias.safetensors", tensor: "weights.bias", problem: .missing)
    ) {
      try Linear(module.weights, 24, 16)
    }
  }

  @Test(arguments: [("conv2d_k3_p1", 3, 1, 1), ("conv2d_k3_s2_p1", 3, 2, 1), ("conv2d_k1", 1, 1, 0)])
  func conv2d(_ name: String, kernel: Int, stride: Int, padding: Int) throws {
    let module = try RecordedModule(name)
    let layer = try Conv2d(module.weights, 6, 10, kernel: kernel, stride: stride, padding: padding)
    #expect(try difference(layer(module("in.x")), module("out.y")) < 1e-5)
  }

  @Test func embedding() throws {
    let module = try RecordedModule("embedding")
    let layer = try Embedding(module.weights, rows: 20, width: 16)
    #expect(try difference(layer(module("in.ids")), module("out.y")) == 0)
  }

  @Test(arguments: [("group_norm_eps1e-5", 1e-5), ("group_norm_eps1e-6", 1e-6)])
  func groupNorm(_ name: String, eps: Double) throws {
    let module = try RecordedModule(name)
    let layer = try GroupNorm(module.weights, groups: 32, channels: 64, eps: eps)
    #expect(try difference(layer(module("in.x")), module("out.y")) < 1e-5)
    // The other eps must not pass for this one.
    let other = try GroupNorm(module.weights, groups: 32, channels: 64, eps: eps == 1e-5 ? 1e-6 : 1e-5)
    #expect(try difference(other(module("in.x")), module("out.y")) > 1e-3)
  }

  @Test func groupsMustDivideTheChannels() throws {
    let module = try RecordedModule("group_norm_eps1e-5")
    let error = #expect(throws: WeightError.self) {
      try GroupNorm(module.weights, groups: 48, channels: 64, eps: 1e-5)
    }
    #expect(error?.tensor == "weights.weight")
    #expect(error?.description.contains("64 channels do not make 48 groups") == true)
  }

  @Test func layerNorm() throws {
    let module = try RecordedModule("layer_norm")
    let layer = try LayerNorm(module.weights, 48, eps: 1e-5)
    #expect(try difference(layer(module("in.x")), module("out.y")) < 1e-5)
    let other = try LayerNorm(module.weights, 48, eps: 1e-6)
    #expect(try difference(other(module("in.x")), module("out.y")) > 1e-3)
  }

  @Test func activations() throws {
    let module = try RecordedModule("activations")
    let x = try module("in.x")
    #expect(try difference(silu(x), module("out.silu")) < 1e-6)
    #expect(try difference(gelu(x), module("out.gelu")) < 1e-6)
    #expect(try difference(x * sigmoid(x * 1.702), module("out.quick_gelu")) < 1e-6)
    // GELU by the tanh form is off by more than this.
    #expect(try difference(x * sigmoid(x * 1.702), module("out.gelu")) > 1e-3)
  }

  @Test func weightsTakeTheWantedFormat() throws {
    let module = try RecordedModule("linear")
    let weights = Weights(WeightStore(module.file), path: "weights", dtype: .bfloat16)
    let layer = try Linear(weights, 24, 16)
    #expect(layer.weight.base.dtype == .bfloat16)
    #expect(layer.bias?.base.dtype == .bfloat16)
    let answer = try layer(module("in.x").to(.bfloat16)).to(.float32)
    let off = try difference(answer, module("out.y"))
    #expect(off < 2e-2 && off > 1e-5)
  }
}
