import Foundation
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// An adapter that is led by what a face detector says, and changes the attentions' own layers.
@Suite struct FaceAdapterTests {
  private static let face = (0..<12).map { cos(Float($0)) }

  /// The adapter that scripts/fixtures/ip_adapter.py makes for itself too: tensor number n is drawn with seed n.
  private static func adapter() throws -> SafetensorsCopy {
    var shapes: [String: [Int]] = [:]
    func lin(_ name: String, _ outC: Int, _ inC: Int, bias: Bool = false) {
      shapes["\(name).weight"] = [outC, inC]
      if bias { shapes["\(name).bias"] = [outC] }
    }
    func norm(_ name: String) { (shapes["\(name).weight"], shapes["\(name).bias"]) = ([128], [128]) }
    let r = "image_proj.perceiver_resampler."
    lin("image_proj.proj.0", 24, 12, bias: true)
    lin("image_proj.proj.2", 3 * 128, 24, bias: true)
    lin(r + "proj_in", 128, 128, bias: true)
    lin(r + "proj_out", 128, 128, bias: true)
    ["image_proj.norm", r + "norm_out"].forEach(norm)
    for b in (0..<2).map({ "\(r)layers.\($0)." }) {
      [b + "0.norm1", b + "0.norm2", b + "1.0"].forEach(norm)
      lin(b + "0.to_q", 128, 128)
      lin(b + "0.to_kv", 256, 128)
      lin(b + "0.to_out", 128, 128)
      lin(b + "1.1", 192, 128)
      lin(b + "1.3", 128, 192)
    }
    for n in 0..<22 {
      for layer in ["to_q", "to_k", "to_v", "to_out"] {
        lin("ip_adapter.\(n).\(layer)_lora.down", 4, 128)
        lin("ip_adapter.\(n).\(layer)_lora.up", 128, 4)
      }
      if n % 2 == 1 {
        lin("ip_adapter.\(n).to_k_ip", 128, 128)
        lin("ip_adapter.\(n).to_v_ip", 128, 128)
      }
    }
    var copy = SafetensorsCopy()
    for (n, (name, shape)) in shapes.sorted(by: { $0.key < $1.key }).enumerated() {
      var values = try Generator(seed: UInt64(n)).randn(shape)
      if shape.count == 2 {
        values = try values * ((name.contains("lora") ? 0.3 : 1) / Double(shape[1]).squareRoot())
      } else {
        values = try values * 0.1 + (name.hasSuffix("weight") ? 1 : 0)
      }
      copy.tensors[name] = .init(.float16, shape, try values.to(Torch.DType.float16).withBytes { Data($0) })
    }
    return copy
  }

  private func refusal(_ body: () throws -> Void) throws -> String? {
    do {
      try onTorch(body)
      return nil
    } catch let error as CheckpointError {
      return error.description
    }
  }

  @Test func oneFace() throws {
    let folder = try TemporaryFolder()
    try onTorch {
      let path = try folder.write(Self.adapter().encoded(), to: "face.safetensors")
      let setting = try ReferenceTests.Setting(adapter: path)
      #expect(setting.adapter.kind == .facePlusV2)
      let plain = try setting.latents(nil).values(Float.self)
      let references = try setting.references([setting.reference(0, face: Self.face)])
      let answer = try Recorded("ip_adapter/pocket")("latents.face")
      #expect(try difference(setting.latents(references), answer) < 1e-3)
      // The layers are as they were.
      #expect(try setting.latents(nil).values(Float.self) == plain)
      let averaged = try setting.references(
        [setting.reference(0, face: Self.face), setting.reference(0, face: Self.face, weight: 2)]
      ) { $0.combination = .averaged }
      #expect(try difference(setting.latents(averaged), answer) < 1e-3)
    }
  }

  /// The adapter's LoRA is in the perturbed pass too.
  @Test func withPerturbedAttentionGuidance() throws {
    let folder = try TemporaryFolder()
    try onTorch {
      let path = try folder.write(Self.adapter().encoded(), to: "face.safetensors")
      let setting = try ReferenceTests.Setting(adapter: path)
      var image = try setting.condition(setting.references([setting.reference(0, face: Self.face)]))
      image.perturbedAttention = .init(scale: 25)
      let answer = try Recorded("ip_adapter/pocket")("latents.face_pag")
      #expect(try difference(setting.latents(image), answer) < 1e-3)
    }
  }

  @Test func withoutAFace() throws {
    let folder = try TemporaryFolder()
    let path = try onTorch { try folder.write(Self.adapter().encoded(), to: "face.safetensors") }
    for face in [nil, [], [Float](repeating: 0, count: 13)] {
      let said = """
        face.safetensors is an IP-Adapter FaceID: it wants an embedding of the face, 12 numbers, beside each \
        picture; they come from a face detector (InsightFace), which Darkroom does not have
        """
      try onTorch {
        let setting = try ReferenceTests.Setting(adapter: path)
        #expect(throws: ReferenceError.face(1, said)) {
          try setting.references([setting.reference(0, face: Self.face), setting.reference(0, face: face)])
        }
      }
    }
    try onTorch {
      let setting = try ReferenceTests.Setting()
      let said = "\(setting.adapter.file) is no IP-Adapter FaceID: it takes no embedding of a face"
      #expect(throws: ReferenceError.face(0, said)) {
        try setting.references([setting.reference(0, face: Self.face)])
      }
    }
  }

  @Test func damagedFiles() throws {
    let folder = try TemporaryFolder()
    func refusal(_ change: (inout SafetensorsCopy) -> Void) throws -> String? {
      try self.refusal {
        var copy = try Self.adapter()
        change(&copy)
        let path = try folder.write(copy.encoded(), to: "face.safetensors")
        _ = try IPAdapter(path: path, for: Pocket.load())
      }
    }
    #expect(
      try refusal { $0.tensors["ip_adapter.6.to_v_lora.up.weight"] = nil }
        == "face.safetensors: tensor ip_adapter.6.to_v_lora.up.weight is missing")
    #expect(
      try refusal { $0.tensors["ip_adapter.7.to_k_lora.down.weight"] = .init(.float16, zeros: [4, 99]) }
        == "face.safetensors: tensor ip_adapter.7.to_k_lora.down.weight has shape [4, 99], expected [4, 128]")
    #expect(
      try refusal { $0.tensors["image_proj.perceiver_resampler.layers.1.0.norm1.weight"] = nil }?
        .contains("layers.1.0.norm1.weight is missing") == true)
  }
}
