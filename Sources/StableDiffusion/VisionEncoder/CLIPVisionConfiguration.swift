import Foundation
import Safetensors

/// What the shapes of an image encoder's weights do not tell.
/// Source: transformers `models/clip/configuration_clip.py`, CLIPVisionConfig, with its defaults.
struct CLIPVisionConfiguration: Equatable {
  /// Pixels a side of the pictures it takes.
  let imageSize: Int
  /// 16 in ViT-H, whose channels 80 make a head.
  let heads: Int
  let activation: CLIPActivation
  let layerNormEps: Double

  private struct File: Decodable {
    let imageSize: Int?, numAttentionHeads: Int?
    let hiddenAct: String?
    let layerNormEps: Double?
  }

  /// Of CLIP ViT-H, which SDXL's IP-Adapters were trained on and which is published without its file, too: no other
  /// encoder is as wide.
  /// Source: `models/image_encoder/config.json` of `h94/IP-Adapter`.
  private static let huge = (
    width: 1280,
    configuration: CLIPVisionConfiguration(imageSize: 224, heads: 16, activation: .gelu, layerNormEps: 1e-5)
  )

  private init(imageSize: Int, heads: Int, activation: CLIPActivation, layerNormEps: Double) {
    (self.imageSize, self.heads) = (imageSize, heads)
    (self.activation, self.layerNormEps) = (activation, layerNormEps)
  }

  /// - Parameters:
  ///   - path: of `config.json`; where there is none, the encoder is ViT-H or nothing is known of it.
  ///   - weights: the header of the encoder's file.
  /// - Throws: `CheckpointError` for a file that says what no encoder here can be, or is not there though it is needed.
  init(path: String, weights: SafetensorsHeader) throws(CheckpointError) {
    guard !FileManager.default.fileExists(atPath: path) else {
      try self.init(path: path)
      return
    }
    let width = weights.tensors["vision_model.embeddings.patch_embedding.weight"]?.shape.first
    guard width == Self.huge.width else {
      throw CheckpointError(
        "config.json is missing: without it only CLIP ViT-H, \(Self.huge.width) channels wide, is known")
    }
    self = Self.huge.configuration
  }

  private init(path: String) throws(CheckpointError) {
    let url = URL(filePath: path)
    let name = url.lastPathComponent
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let file: File
    do {
      file = try decoder.decode(File.self, from: Data(contentsOf: url))
    } catch is DecodingError {
      throw CheckpointError("\(name) is not the configuration of a CLIP image encoder")
    } catch {
      throw CheckpointError(
        "\(name) cannot be read: an image encoder is a folder of config.json and model.safetensors")
    }
    imageSize = file.imageSize ?? 224
    heads = file.numAttentionHeads ?? 12
    layerNormEps = file.layerNormEps ?? 1e-5
    guard imageSize > 0, heads > 0, layerNormEps > 0 else {
      throw CheckpointError("\(name): image_size, num_attention_heads and layer_norm_eps are above 0")
    }
    switch file.hiddenAct ?? "quick_gelu" {
    case "gelu": activation = .gelu
    case "quick_gelu": activation = .quickGELU
    case let other: throw CheckpointError("\(name): hidden_act is gelu or quick_gelu, not \(other)")
    }
  }
}
