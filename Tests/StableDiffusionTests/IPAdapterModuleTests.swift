import Foundation
import Images
import NN
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// The parts of an IP-Adapter against what transformers and diffusers answer (Tests/Fixtures/ip_adapter).
@Suite struct IPAdapterModuleTests {
  /// The fixture's encoder as a folder of its own.
  private func encoderFolder(
    heads: Int = 3, changing change: (inout SafetensorsCopy) -> Void = { _ in }
  ) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    var copy = try SafetensorsCopy(path: Fixture.path("Tests/Fixtures/ip_adapter/image_encoder.safetensors"))
    copy.tensors = copy.tensors.filter { !$0.key.hasPrefix("out.") }
    change(&copy)
    try folder.write(copy.encoded(), to: "model.safetensors")
    let configuration = #"{"hidden_act": "gelu", "image_size": 14, "num_attention_heads": \#(heads)}"#
    try folder.write(configuration, to: "config.json")
    return folder
  }

  private func load(_ folder: TemporaryFolder) throws -> ImageEncoder {
    try ImageEncoder(folder: folder.path, options: .init())
  }

  private func refusal(_ folder: TemporaryFolder) throws -> String? {
    do {
      _ = try onTorch { try load(folder) }
      return nil
    } catch let error as CheckpointError {
      #expect(!error.description.contains("/"))
      return error.description
    }
  }

  @Test func imageEncoder() throws {
    try onTorch {
      let encoder = try load(encoderFolder())
      let answers = try Recorded("ip_adapter/image_encoder")
      let picture = try ReferencePattern.picture(1, side: 14)
      #expect(
        try difference(encoder.encode(picture, as: .projected).states, answers("out.projected")) < 1e-5)
      #expect(try difference(encoder.encode(picture, as: .hidden).states, answers("out.hidden")) < 1e-5)
      #expect(try difference(encoder.blank(as: .hidden).states, answers("out.blank")) < 1e-5)
      #expect(try encoder.blank(as: .projected).states.minMax() == (0, 0))
      // The number of heads is told, not seen: another one answers otherwise.
      let other = try load(encoderFolder(heads: 5))
      #expect(try difference(other.encode(picture, as: .projected).states, answers("out.projected")) > 1e-3)
    }
  }

  /// As h94/IP-Adapter's own file says.
  @Test func withoutAConfigurationItIsViTH() throws {
    let folder = try TemporaryFolder()
    var copy = SafetensorsCopy()
    copy.tensors["vision_model.embeddings.patch_embedding.weight"] = .init(
      .float16, zeros: [1280, 3, 14, 14])
    let header = try SafetensorsFile(path: folder.write(copy.encoded(), to: "model.safetensors")).header
    #expect(ImageEncoder.files(in: folder.path) == [folder.path("model.safetensors")])
    let assumed = try CLIPVisionConfiguration(path: folder.path("config.json"), weights: header)
    let published = #"""
      {"hidden_act": "gelu", "hidden_size": 1280, "image_size": 224, "intermediate_size": 5120, "layer_norm_eps": 1e-05,
       "num_attention_heads": 16, "num_hidden_layers": 32, "patch_size": 14, "projection_dim": 1024}
      """#
    try folder.write(published, to: "config.json")
    #expect(
      try CLIPVisionConfiguration(path: folder.path("config.json"), weights: header) == assumed)
    #expect(ImageEncoder.files(in: folder.path).count == 2)
  }

  @Test func cancelsBetweenLayers() throws {
    try onTorch {
      let encoder = try load(encoderFolder())
      var layers = 0
      #expect(throws: CancellationError.self) {
        _ = try encoder.encode(ReferencePattern.picture(1, side: 14), as: .projected) {
          layers += 1
          if layers == 2 { throw CancellationError() }
        }
      }
      #expect(layers == 2)
    }
  }

  @Test func otherEncodersAreRefused() throws {
    #expect(try refusal(encoderFolder()) == nil)
    #expect(
      try refusal(encoderFolder { $0.tensors["visual_projection.weight"] = nil })
        == "model.safetensors: tensor visual_projection.weight is missing")
    #expect(
      try refusal(encoderFolder { $0.tensors["vision_model.extra"] = .init(.float16, zeros: [2]) })
        == "model.safetensors: tensor vision_model.extra is not part of a CLIP image encoder")
    #expect(
      try refusal(
        encoderFolder { copy in
          copy.tensors["vision_model.embeddings.position_ids"] = .init(.int64, zeros: [1, 5])
        }) == nil)
    #expect(
      try refusal(
        encoderFolder { copy in
          copy.tensors["vision_model.embeddings.position_embedding.weight"] = .init(
            .float16, zeros: [257, 60])
        })?.contains("position_embedding.weight has shape [257, 60], expected [5, 60]") == true)
    #expect(try refusal(encoderFolder(heads: 7))?.contains("60 channels do not make 7 heads") == true)
    let folder = try encoderFolder()
    try folder.write(#"{"hidden_act": "relu"}"#, to: "config.json")
    #expect(try refusal(folder) == "config.json: hidden_act is gelu or quick_gelu, not relu")
    try folder.write("[]", to: "config.json")
    #expect(try refusal(folder) == "config.json is not the configuration of a CLIP image encoder")
    try FileManager.default.removeItem(atPath: folder.path("config.json"))
    #expect(try refusal(folder)?.hasPrefix("config.json is missing: without it only CLIP ViT-H") == true)
    try onTorch {
      let encoder = try load(encoderFolder())
      #expect(throws: CheckpointError.self) {
        _ = try encoder.encode(ReferencePattern.picture(1, side: 28), as: .projected)
      }
    }
  }

  @Test func plainProjection() throws {
    try onTorch {
      let file = try Recorded("ip_adapter/plain")
      let projection = try ImageProjection(file.module, context: 40)
      #expect(projection.inC == 24)
      #expect(try difference(projection(file("in.x")), file("out.y")) < 1e-5)
    }
  }

  @Test func resampler() throws {
    try onTorch {
      let file = try Recorded("ip_adapter/plus")
      let resampler = try Resampler(file.module, context: 40)
      #expect(resampler.perceiver.inC == 30)
      #expect(try difference(resampler(file("in.x")), file("out.y")) < 1e-5)
    }
  }

  @Test func faceProjection() throws {
    try onTorch {
      let file = try Recorded("ip_adapter/face")
      let projection = try FaceProjection(file.module, context: 32)
      #expect((projection.faceC, projection.perceiver.inC) == (12, 30))
      #expect(try difference(projection(file("in.x"), face: file("in.face")), file("out.y")) < 1e-5)
    }
  }

  @Test(arguments: [
    ("plain", 40, "plain", nil), ("plus", 40, "plus", nil), ("face", 32, "faceid_plus_v2", 12 as Int?),
  ])
  func kinds(_ name: String, context: Int, kind: String, faceC: Int?) throws {
    try onTorch {
      let tokens = try ImageTokens(Recorded("ip_adapter/\(name)").module, context: context)
      #expect(tokens.kind.rawValue == kind)
      #expect(tokens.faceC == faceC)
    }
  }

  @Test(arguments: ["plain", "plus"]) func tokensOfAnotherWidthAreRefused(_ name: String) throws {
    let file = try Recorded("ip_adapter/\(name)")
    let error = #expect(throws: WeightError.self) { try ImageTokens(file.module, context: 48) }
    #expect(
      error?.description.contains("makes tokens of width 40, and the model's attentions take 48") == true)
  }

  /// As torch's bicubic interpolation has it; places between black and white go a little beyond.
  @Test func regions() throws {
    let mask = try #require(GrayImage(width: 4, height: 2, pixels: [0, 127, 128, 255, 0, 0, 255, 200]))
    #expect(mask.region(height: 2, width: 4) == [0, 0, 1, 1, 0, 0, 1, 1])
    // torch.nn.functional.interpolate([[0, 0, 1, 1], [0, 0, 1, 1]], size=(1, n), mode="bicubic")
    let expected: [[Float]] = [[-0.0174, 0.5, 1.0174], [0, -0.0938, 0.1435, 0.8565, 1.0938, 1]]
    for row in expected {
      for (value, expected) in zip(mask.region(height: 1, width: row.count), row) {
        #expect(abs(value - expected) < 1e-4)
      }
    }
  }
}

/// Pictures that scripts/fixtures/ip_adapter.py makes for itself too.
enum ReferencePattern {
  static func picture(_ k: Int, side: Int = 224) throws -> RGBImage {
    var pixels: [UInt8] = []
    for y in 0..<side {
      for x in 0..<side {
        pixels += [x * (k + 1) % 256, (2 * y + 60 * k) % 256, (x + k * y) % 256].map { UInt8($0) }
      }
    }
    return try #require(RGBImage(width: side, height: side, pixels: pixels))
  }
}
