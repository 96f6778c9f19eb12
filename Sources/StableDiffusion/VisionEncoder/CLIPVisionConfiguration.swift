import Foundation

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

  /// - Throws: `CheckpointError` for a file that is not there, or says what no encoder here can be.
  init(path: String) throws(CheckpointError) {
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
