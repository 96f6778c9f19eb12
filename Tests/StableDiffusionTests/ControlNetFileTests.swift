import Foundation
import Images
import NN
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Files that are no ControlNet for the model are refused by name.
@Suite struct ControlNetFileTests {
  private static let weights = ControlNetTests.path + "/diffusion_pytorch_model.safetensors"
  private let model: StableDiffusionXL

  init() throws { model = try Pocket.load() }

  /// What is said of the pocket's ControlNet with a change.
  private func refusal(_ change: (inout SafetensorsCopy) -> Void) throws -> String? {
    var copy = try SafetensorsCopy(path: Self.weights)
    change(&copy)
    let folder = try TemporaryFolder()
    return refusal(of: try folder.write(copy.encoded(), to: "own.safetensors"))
  }

  private func refusal(of path: String) -> String? {
    #expect(throws: CheckpointError.self) {
      try onTorch { _ = try ControlNet(path: path, for: model) }
    }?.description
  }

  @Test func aFileAloneIsEnough() throws {
    try onTorch {
      let network = try ControlNet(path: Self.weights, for: model)
      #expect(network.file == "diffusion_pytorch_model.safetensors")
    }
  }

  @Test func otherFilesAreSaidToBeWhatTheyAre() throws {
    let wanted = "not a ControlNet in diffusers' layout"
    #expect(refusal(of: Pocket.path) == "pocket.safetensors is an SDXL checkpoint, \(wanted)")
    #expect(
      try refusal { $0.tensors["task_embedding"] = .init(.float16, zeros: [6, 64]) }
        == "own.safetensors is a ControlNet-Union, \(wanted)")
    for (key, kind) in [
      ("control_model.input_hint_block.0.weight", "a ControlNet under other names than diffusers'"),
      ("lllite_unet_input_blocks_4_1_attn1_to_q.conditioning1.0.weight", "a ControlNet-LLLite"),
      ("adapter.body.0.resnets.0.block1.weight", "a T2I-Adapter"), ("lora_unet_x.lora_up.weight", "a LoRA"),
    ] {
      #expect(
        try refusal { $0.tensors = [key: .init(.float16, zeros: [4, 4])] }
          == "own.safetensors is \(kind), \(wanted)"
      )
    }
  }

  @Test func ofAnotherModel() throws {
    func said(_ key: String, _ shape: [Int]) throws -> String? {
      try refusal { $0.tensors[key] = .init(.float16, zeros: shape) }
    }
    let other = "it was made for another one"
    #expect(
      try said("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", [128, 768])
        == "own.safetensors: tensor down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight: "
        + "the width of the text is 768, the model's 128: \(other)")
    #expect(
      try said("conv_in.weight", [320, 4, 3, 3])
        == "own.safetensors: tensor conv_in.weight: channels are 320, the model's 64: \(other)")
    #expect(
      try said("conv_in.weight", [64, 9, 3, 3])
        == "own.safetensors: tensor conv_in.weight: latent channels are 9, the model's 4: \(other)")
    #expect(
      try said("down_blocks.2.resnets.0.conv1.weight", [192, 128, 3, 3])
        == "own.safetensors: tensor down_blocks.2.resnets.0.conv1.weight: channels are 192, the model's 128: \(other)"
    )
    #expect(
      try said("add_embedding.linear_1.weight", [256, 2816])
        == "own.safetensors: tensor add_embedding.linear_1.weight: the width of pooled text and sizes is 2816, "
        + "the model's 1600: \(other)")
    // Stable Diffusion 1.5's have no sizes, and one level more.
    #expect(
      try refusal { $0.tensors = $0.tensors.filter { !$0.key.hasPrefix("add_embedding.") } }
        == "own.safetensors: tensor add_embedding.linear_1.weight is missing")
    #expect(
      try refusal { $0.tensors["down_blocks.3.resnets.0.norm1.weight"] = .init(.float16, zeros: [128]) }
        == "own.safetensors: tensor down_blocks.3.resnets.0.norm1.weight is not part of a ControlNet for SDXL"
    )
  }

  @Test func whatIsMissingIsNamed() throws {
    for key in [
      "conv_in.bias", "controlnet_cond_embedding.blocks.5.weight", "controlnet_down_blocks.8.weight",
      "controlnet_mid_block.bias", "mid_block.resnets.1.conv2.weight", "time_embedding.linear_2.bias",
      "down_blocks.2.attentions.1.transformer_blocks.0.norm1.weight",
      "down_blocks.1.downsamplers.0.conv.weight",
      "mid_block.attentions.0.transformer_blocks.0.norm1.weight", "down_blocks.0.resnets.1.norm1.weight",
    ] {
      #expect(
        try refusal { $0.tensors[key] = nil }
          == "own.safetensors: tensor \(key) is missing")
    }
  }

  @Test func wholeListsAreMissed() throws {
    for prefix in ["down_blocks.2.attentions.1.", "controlnet_down_blocks.8.", "mid_block.attentions.0."] {
      let said = try refusal { $0.tensors = $0.tensors.filter { !$0.key.hasPrefix(prefix) } }
      #expect(
        said?.hasPrefix("own.safetensors: tensor \(prefix)") == true && said?.hasSuffix("is missing") == true)
    }
  }

  @Test func strangersAndShapes() throws {
    #expect(
      try refusal { $0.tensors["up_blocks.0.x"] = .init(.float16, zeros: [2]) }
        == "own.safetensors: tensor up_blocks.0.x is not part of a ControlNet for SDXL")
    #expect(
      try refusal { $0.tensors["controlnet_mid_block.weight"] = .init(.float16, zeros: [64, 128, 1, 1]) }
        == "own.safetensors: tensor controlnet_mid_block.weight has shape [64, 128, 1, 1], expected [128, 128, 1, 1]"
    )
  }

  @Test func aFileCutShort() throws {
    let bytes = try Data(contentsOf: URL(filePath: Self.weights))
    let folder = try TemporaryFolder()
    let path = try folder.write(bytes.dropLast(1000), to: "own.safetensors")
    #expect(refusal(of: path)?.hasPrefix("own.safetensors") == true)
    #expect(refusal(of: folder.path("none.safetensors"))?.hasPrefix("none.safetensors") == true)
    // A folder without weights.
    #expect(refusal(of: folder.path)?.hasPrefix("diffusion_pytorch_model.safetensors") == true)
  }

  /// The middle of small ControlNets is one residual block; their way down has no transformers.
  @Test func aSmallOne() throws {
    var copy = try SafetensorsCopy(path: Self.weights)
    copy.tensors = copy.tensors.filter {
      !$0.key.contains(".attentions.") && !$0.key.hasPrefix("mid_block.resnets.1.")
    }
    let folder = try TemporaryFolder()
    let path = try folder.write(copy.encoded(), to: "small.safetensors")
    try onTorch {
      let control = try Control(ControlNet(path: path, for: model), ControlNetTests.picture(0))
      #expect(control.network.encoder.midBlock.rest == nil)
      let side = try model.condition(model.prompt("red"), guidance: nil, width: 136, height: 72).conditioning
        .positive
      let residuals = try control.residuals(Tensor.full(0.5, [1, 4, 9, 17]), timestep: 500, side)
      #expect(try residuals.middle.allFinite() && residuals.middle.shape == [1, 128, 3, 5])
    }
  }

  /// A configuration beside the weights of the pocket's ControlNet.
  private func configured(_ text: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("diffusion_pytorch_model.safetensors"), withDestinationPath: Self.weights)
    try folder.write(text, to: "config.json")
    return folder
  }

  @Test func theOrderOfChannels() throws {
    let folder = try configured(#"{"controlnet_conditioning_channel_order": "bgr"}"#)
    try onTorch {
      let (rgb, bgr) = (
        try ControlNet(path: ControlNetTests.path, for: model), try ControlNet(path: folder.path, for: model)
      )
      let picture = try ControlNetTests.picture(0)
      var pixels = picture.pixels
      for place in stride(from: 0, to: pixels.count, by: 3) { pixels.swapAt(place, place + 2) }
      let swapped = try #require(RGBImage(width: picture.width, height: picture.height, pixels: pixels))
      #expect(try rgb.levels(of: picture).values(Float.self) == bgr.levels(of: swapped).values(Float.self))
      #expect(try rgb.levels(of: picture).values(Float.self) != bgr.levels(of: picture).values(Float.self))
    }
  }

  @Test func otherConfigurations() throws {
    for (text, said) in [
      (#"{"_class_name": "ControlNetUnionModel"}"#, "_class_name is ControlNetUnionModel"),
      (#"{"norm_eps": 1e-06}"#, "norm_eps is 1e-06"),
      (#"{"conditioning_channels": 1}"#, "conditioning_channels is 1"),
      (#"{"global_pool_conditions": true}"#, "global_pool_conditions is true"),
      (#"{"attention_head_dim": [1, 2, 4]}"#, "attention_head_dim"),
      (#"{"attention_head_dim": 8}"#, "attention_head_dim"),
      (#"{"controlnet_conditioning_channel_order": "gbr"}"#, "not the configuration"),
      ("[]", "not the configuration"),
      ("{", "not the configuration"),
    ] {
      let folder = try configured(text)
      let message = try #require(refusal(of: folder.path))
      #expect(message.hasPrefix("config.json") && message.contains(said), "\(message)")
    }
  }
}
