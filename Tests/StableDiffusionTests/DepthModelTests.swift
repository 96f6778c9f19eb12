import Foundation
import Images
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Depth against transformers (Tests/Fixtures/depth).
@Suite struct DepthModelTests {
  private static let folder = Fixture.path("Tests/Fixtures/depth/model")

  private static func picture(_ width: Int, _ height: Int) throws -> RGBImage {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<3 { pixels.append(UInt8((5 * x + 3 * y + 60 * c + x * y / 9) % 256)) }
      }
    }
    return try #require(RGBImage(width: width, height: height, pixels: pixels))
  }

  /// Of the trained size, larger and smaller, across and upright.
  @Test(arguments: [(56, 56), (40, 24), (64, 100), (100, 30)])
  func seesWhatTransformersSees(width: Int, height: Int) throws {
    try onTorch {
      let model = try DepthModel(folder: Self.folder, device: .cpu)
      let answers = try Recorded("depth/answers")
      let name = "\(width)x\(height)"
      let input = try model.input(Self.picture(width, height))
      let values = try input.values(Float.self)
      let sampled = try Tensor(stride(from: 0, to: values.count, by: 7).map { values[$0] })
      #expect(try difference(sampled, answers("\(name).input")) < 1e-6)
      #expect(try difference(model.network(input), answers("\(name).depth")) < 1e-5)
      let map = try model(Self.picture(width, height))
      #expect(map.width == width && map.height == height)
      let expected = try answers("\(name).map").values(UInt8.self)
      // Cut off, a level may fall to either side of a whole number.
      let apart = zip(expected, stride(from: 0, to: map.pixels.count, by: 3)).map {
        abs(Int($0) - Int(map.pixels[$1]))
      }
      #expect(apart.count == width * height && (apart.max() ?? 9) <= 1)
      #expect(apart.count { $0 > 0 } * 100 < apart.count)
      #expect(Set(map.pixels).count > 30)
    }
  }

  @Test(arguments: [
    (512, 512, 518, 518), (1024, 1024, 518, 518), (768, 512, 784, 518), (2048, 64, 518, 14),
    (64, 2048, 14, 518),
    (1280, 720, 924, 518), (1000, 519, 994, 518), (600, 500, 616, 518),
  ])
  func sizes(width: Int, height: Int, wide: Int, high: Int) throws {
    let black = try #require(
      RGBImage(width: width, height: height, pixels: [UInt8](repeating: 0, count: 3 * width * height)))
    #expect(DepthModel.size(black, side: 518, patch: 14) == (wide, high))
  }

  private func refusal(
    _ change: (inout SafetensorsCopy) -> Void = { _ in }, configuration: (String) -> String = { $0 }
  ) throws -> String? {
    let folder = try TemporaryFolder()
    let text = try String(contentsOfFile: DepthModel.configurationPath(Self.folder), encoding: .utf8)
    try folder.write(configuration(text), to: "config.json")
    var copy = try SafetensorsCopy(path: DepthModel.weightsPath(Self.folder))
    change(&copy)
    try folder.write(copy.encoded(), to: "model.safetensors")
    let error = #expect(throws: CheckpointError.self) {
      try onTorch { _ = try DepthModel(folder: folder.path, device: .cpu) }
    }
    return error?.description
  }

  @Test func wrongFiles() throws {
    #expect(
      try refusal { $0.tensors["head.conv2.weight"] = nil }
        == "model.safetensors: tensor head.conv2.weight is missing")
    #expect(
      try refusal { $0.tensors["neck.convs.1.weight"] = .init(.float16, zeros: [8, 5, 3, 3]) }
        == "model.safetensors: tensor neck.convs.1.weight has shape [8, 5, 3, 3], expected [8, 6, 3, 3]")
    #expect(
      try refusal { $0.tensors["neck.convs.4.weight"] = .init(.float16, zeros: [8, 5, 3, 3]) }
        == "model.safetensors: tensor neck.convs.4.weight is not part of a depth model")
    #expect(
      try refusal {
        $0.tensors["backbone.embeddings.position_embeddings"] = .init(.float16, zeros: [1, 16, 12])
      }
        == "model.safetensors: tensor backbone.embeddings.position_embeddings: 16 places are not one and a square"
    )
    for (from, to) in [
      ("\"num_attention_heads\": 2", "\"num_attention_heads\": 5"), ("\"gelu\"", "\"relu\""),
      ("\"head_in_index\": -1", "\"head_in_index\": 0"), ("\"dtype\"", "\"backbone\""),
      ("relative", "metric"), ("\"depth_anything\"", "\"dpt\""), ("\"dinov2\"", "\"vit\""), ("{", "["),
      ("\"num_attention_heads\": 2", "\"num_attention_heads\": 0"),
    ] {
      let message = try refusal(configuration: { $0.replacing(from, with: to) })
      #expect(message?.hasPrefix("config.json ") == true, "\(to)")
    }
    let other = try refusal(configuration: {
      $0.replacing("\"hidden_size\": 12", with: "\"hidden_size\": 24")
    })
    #expect(other?.hasSuffix("projection.weight: has 12 channels, config.json says 24") == true)
    #expect(throws: CheckpointError.self) { try DepthModel(folder: "/nowhere", device: .cpu) }
  }

  private struct ReadConfiguration: Decodable {
    let name: String, file: String
    let read: Values?

    struct Values: Decodable, Equatable {
      let stages: [Int], width: Int, heads: Int, eps: Double
    }
  }

  /// What a published file does not list is what transformers takes it for.
  @Test func configurationsAreReadAsTransformersReadsThem() throws {
    let cases = try Fixture.decode("depth/configurations.json", as: [ReadConfiguration].self)
    #expect(cases.count == 10 && cases.count { $0.read == nil } == 3)
    let folder = try TemporaryFolder()
    for wanted in cases {
      let path = try folder.write(wanted.file, to: "config.json")
      let read = try? DepthConfiguration(path: path)
      let values = read.map {
        ReadConfiguration.Values(stages: $0.stages, width: $0.width, heads: $0.heads, eps: $0.layerNormEps)
      }
      #expect(values == wanted.read, "\(wanted.name)")
    }
  }

  /// Nothing nearer than the rest is black, not a division by nothing.
  @Test func equallyFar() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: DepthModel.configurationPath(Self.folder), toPath: folder.path("config.json"))
    var copy = try SafetensorsCopy(path: DepthModel.weightsPath(Self.folder))
    copy.tensors["head.conv3.weight"] = .init(.float16, zeros: [1, 4, 1, 1])
    try folder.write(copy.encoded(), to: "model.safetensors")
    try onTorch {
      let map = try DepthModel(folder: folder.path, device: .cpu)(Self.picture(40, 24))
      #expect(map.pixels.allSatisfy { $0 == 0 })
    }
  }
}
