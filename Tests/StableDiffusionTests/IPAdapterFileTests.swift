import Foundation
import Safetensors
import TestSupport
import Testing

@testable import StableDiffusion

/// Files that are no adapter for the pocket checkpoint: what is said of them names file and tensor.
@Suite struct IPAdapterFileTests {
  private typealias Tensors = [String: SafetensorsCopy.Tensor]

  private static func adapter() throws -> SafetensorsCopy {
    try SafetensorsCopy(path: Fixture.path("models/ip-adapter/ip-adapter_sdxl_vit-h.safetensors"))
  }

  private func refusal(_ data: Data) throws -> String? {
    let folder = try TemporaryFolder()
    let path = try folder.write(data, to: "changed.safetensors")
    do {
      try onTorch { _ = try IPAdapter(path: path, for: Pocket.load()) }
      return nil
    } catch let error as CheckpointError {
      #expect(error.description.hasPrefix("changed.safetensors"))
      #expect(!error.description.contains("/"))
      return error.description
    }
  }

  private func refusal(_ change: (inout Tensors) throws -> Void) throws -> String? {
    var copy = try Self.adapter()
    try change(&copy.tensors)
    return try refusal(copy.encoded())
  }

  @Test func thePocketsOwn() throws { #expect(try refusal { _ in } == nil) }

  @Test func anyTensorMissing() throws {
    for name in ["image_proj.norm.bias", "image_proj.proj.weight", "ip_adapter.21.to_v_ip.weight"] {
      #expect(try refusal { $0[name] = nil } == "changed.safetensors: tensor \(name) is missing")
    }
  }

  @Test func renamedTensors() throws {
    let said = try refusal { tensors in
      tensors = Tensors(uniqueKeysWithValues: tensors.map { ("x.\($0.key)", $0.value) })
    }
    #expect(said == "changed.safetensors: tensor image_proj.norm.weight is missing")
    let one = try refusal { $0["ip_adapter.3.to_k"] = $0.removeValue(forKey: "ip_adapter.3.to_k_ip.weight") }
    #expect(one == "changed.safetensors: tensor ip_adapter.3.to_k_ip.weight is missing")
  }

  @Test func anotherCount() throws {
    let said = try refusal { $0["ip_adapter.23.to_k_ip.weight"] = .init(.float16, zeros: [128, 128]) }
    #expect(
      said
        == "changed.safetensors: tensor ip_adapter.23.to_k_ip.weight is not part of an IP-Adapter for this model"
    )
  }

  @Test func anotherWidth() throws {
    let text = try refusal { $0["image_proj.norm.weight"] = .init(.float16, zeros: [768]) }
    #expect(
      text?.contains("norm.weight: makes tokens of width 768, and the model's attentions take 128") == true)
    let attention = try refusal { $0["ip_adapter.1.to_k_ip.weight"] = .init(.float16, zeros: [320, 128]) }
    #expect(attention?.contains("ip_adapter.1.to_k_ip.weight has shape [320, 128]") == true)
    let tokens = try refusal { $0["image_proj.proj.weight"] = .init(.float16, zeros: [500, 64]) }
    #expect(tokens?.contains("image_proj.proj.weight: gives 500 channels") == true)
  }

  @Test func truncated() throws {
    let data = try Self.adapter().encoded()
    #expect(try refusal(data.dropLast(10)) != nil)
    #expect(try refusal(data.prefix(20)) != nil)
  }

  @Test func otherKinds() throws {
    let lora = try refusal { tensors in
      tensors = ["lora_unet_mid_block.lora_down.weight": .init(.float16, zeros: [4, 4])]
    }
    #expect(lora == "changed.safetensors is a LoRA, not an IP-Adapter")
    let face = try refusal { tensors in
      tensors["image_proj.proj.weight"] = nil
      tensors["image_proj.proj.0.weight"] = .init(.float16, zeros: [4, 4])
    }
    #expect(face == "changed.safetensors is an IP-Adapter FaceID of another kind than FaceID-plus-v2")
  }

  /// An adapter for OpenCLIP's ViT-bigG, say.
  @Test func anotherEncoder() throws {
    let folder = try TemporaryFolder()
    var copy = try Self.adapter()
    copy.tensors["image_proj.proj.weight"] = .init(.float16, zeros: [512, 80])
    let path = try folder.write(copy.encoded(), to: "changed.safetensors")
    try onTorch {
      let model = try Pocket.load()
      let adapter = try IPAdapter(path: path, for: model)
      let encoder = try ImageEncoder(
        folder: Fixture.path("models/ip-adapter/image_encoder"), options: model.options)
      let embedding = try encoder.blank(as: .projected)
      let error = #expect(throws: CheckpointError.self) {
        _ = try References(adapter, [.init(embedding)], blank: embedding)
      }
      #expect(
        error?.description
          == "changed.safetensors: tensor image_proj.proj.weight takes embeddings of width 80, "
          + "and the image encoder gives 64")
    }
  }

  @Test func numbersThatAreNotFinite() throws {
    let folder = try TemporaryFolder()
    var copy = try Self.adapter()
    let nans = Data(repeating: 0x7E, count: 2 * 128 * 128)  // in float16
    copy.tensors["ip_adapter.5.to_v_ip.weight"]?.data = nans
    let path = try folder.write(copy.encoded(), to: "changed.safetensors")
    try onTorch {
      let model = try Pocket.load()
      let adapter = try IPAdapter(path: path, for: model)
      let encoder = try ImageEncoder(
        folder: Fixture.path("models/ip-adapter/image_encoder"), options: model.options)
      let embedding = try encoder.encode(ReferencePattern.picture(0), as: .projected)
      let references = try References(adapter, [.init(embedding)], blank: embedding)
      let image = try model.condition(model.prompt("red"), guidance: nil, width: 64, height: 64)
      let error = #expect(throws: CheckpointError.self) { _ = try image.seeing(references, in: model) }
      #expect(
        error?.description.contains("ip_adapter.5.to_v_ip.weight gives numbers that are not finite") == true)
    }
  }
}
