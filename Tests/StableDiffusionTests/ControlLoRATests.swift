import Foundation
import NN
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Control-LoRAs in Stability AI's layout, against diffusers (Tests/Fixtures/controlnet, `lora.*`).
@Suite struct ControlLoRATests {
  private let model: StableDiffusionXL

  init() throws { model = try Pocket.load() }

  /// Weights with a low-rank change, and their shapes, in the order of the fixtures' script.
  private static let changed: [(key: String, shape: [Int])] = [
    ("input_blocks.0.0", [64, 4, 3, 3]), ("time_embed.2", [256, 256]), ("label_emb.0.0", [256, 1600]),
    ("input_blocks.2.0.in_layers.2", [64, 64, 3, 3]), ("input_blocks.3.0.op", [64, 64, 3, 3]),
    ("input_blocks.4.0.skip_connection", [128, 64, 1, 1]), ("input_blocks.4.1.proj_in", [128, 128]),
    ("input_blocks.5.1.transformer_blocks.0.attn1.to_q", [128, 128]),
    ("input_blocks.7.1.transformer_blocks.0.ff.net.0.proj", [1024, 128]),
    ("middle_block.0.emb_layers.1", [128, 256]),
    ("middle_block.1.transformer_blocks.0.attn2.to_k", [128, 128]),
    ("middle_block.2.out_layers.3", [128, 128, 3, 3]),
  ]
  private static let rank = 3

  private func factor(_ shape: [Int], _ seed: Int, plus summand: Float16 = 0) -> SafetensorsCopy.Tensor {
    let values = (0..<shape.reduce(1, *)).map { Float16(($0 * 37 + seed) % 101 - 50) / 512 + summand }
    return .init(.float16, shape, values.withUnsafeBytes { Data($0) })
  }

  /// The file that the fixtures' script makes.
  private func file() throws -> SafetensorsCopy {
    let own = try SafetensorsCopy(path: ControlNetTests.path + "/diffusion_pytorch_model.safetensors")
    var copy = SafetensorsCopy()
    copy.tensors["lora_controlnet"] = .init(.float32, zeros: [0])
    func take(_ name: String, as key: String) {
      for leaf in ["weight", "bias"] {
        copy.tensors["\(key).\(leaf)"] = own.tensors["\(name).\(leaf)"]
      }
    }
    take("controlnet_mid_block", as: "middle_block_out.0")
    take("controlnet_cond_embedding.conv_in", as: "input_hint_block.0")
    take("controlnet_cond_embedding.conv_out", as: "input_hint_block.14")
    for index in 0..<9 { take("controlnet_down_blocks.\(index)", as: "zero_convs.\(index).0") }
    for index in 0..<6 {
      take("controlnet_cond_embedding.blocks.\(index)", as: "input_hint_block.\(2 * index + 2)")
    }
    for (seed, (key, shape)) in Self.changed.enumerated() {
      let tail = shape.count == 4 ? [1, 1] : []
      copy.tensors["\(key).up"] = factor([shape[0], Self.rank] + tail, seed)
      copy.tensors["\(key).down"] = factor([Self.rank] + shape[1...], seed + 50)
    }
    copy.tensors["input_blocks.1.0.out_layers.0.weight"] = factor([64], 99, plus: 1)
    return copy
  }

  private func load(_ copy: SafetensorsCopy) throws -> ControlNet {
    let folder = try TemporaryFolder()
    return try onTorch {
      try ControlNet(path: folder.write(copy.encoded(), to: "lora.safetensors"), for: model)
    }
  }

  private func refusal(_ change: (inout SafetensorsCopy) -> Void) throws -> String? {
    var copy = try file()
    change(&copy)
    return #expect(throws: CheckpointError.self) { try load(copy) }?.description
  }

  @Test func residuals() throws {
    try onTorch {
      let control = try Control(load(file()), ControlNetTests.picture(0), .init(scale: 0.7))
      let answers = try Recorded("controlnet/answers")
      let residuals = try ControlNetTests.residuals(of: control, model, answers)
      for (index, residual) in residuals.enumerated() {
        #expect(try difference(residual, answers("lora.\(index)")) < 1e-5, "\(index)")
      }
    }
  }

  @Test func theModelStaysAsItIs() throws {
    try onTorch {
      let image = try model.condition(model.prompt("red"), guidance: nil, width: 64, height: 64)
      func answer() throws -> [Float] {
        var run = try DenoisingRun(model, image, SamplingPlan(.euler, steps: 1), seed: 1)
        _ = try run.advance()
        return try run.latents.values()
      }
      let before = try answer()
      _ = try load(file())
      #expect(try answer() == before)
    }
  }

  @Test func whatIsWrongIsNamedAsInTheFile() throws {
    #expect(
      try refusal { $0.tensors["time_embed.2.down"] = nil }
        == "lora.safetensors: tensor time_embed.2.down is missing")
    #expect(
      try refusal { $0.tensors["time_embed.2.up"] = nil }
        == "lora.safetensors: tensor time_embed.2.down is not part of a ControlNet for SDXL")
    for key in ["input_hint_block.4.weight", "zero_convs.8.0.weight", "middle_block_out.0.bias"] {
      let said = try refusal { $0.tensors[key] = nil }
      #expect(said == "lora.safetensors: tensor \(key) is missing")
    }
    for key in [
      "out.2.up", "x", "output_blocks.0.0.in_layers.2.weight", "input_blocks.9.0.in_layers.0.weight",
    ] {
      let said = try refusal { $0.tensors[key] = .init(.float16, zeros: [2, 2]) }
      #expect(said?.contains("tensor \(key)") == true, "\(said ?? "")")
    }
    // Another model's: wider, or of another rank on one side.
    #expect(
      try refusal { $0.tensors["label_emb.0.0.down"] = .init(.float16, zeros: [3, 2816]) }
        == "lora.safetensors: tensor label_emb.0.0.up: shapes [256, 3] and [3, 2816] of down make no [256, 1600]"
    )
    #expect(
      try refusal { $0.tensors["label_emb.0.0.down"] = .init(.float16, zeros: [4, 1600]) }
        == "lora.safetensors: tensor label_emb.0.0.up: shapes [256, 3] and [4, 1600] of down make no [256, 1600]"
    )
  }
}
