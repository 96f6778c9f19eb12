import Foundation

/// What the shapes of a depth model's weights do not tell.
/// Source: transformers `models/depth_anything/configuration_depth_anything.py` and
/// `models/dinov2/configuration_dinov2.py`, with their defaults.
struct DepthConfiguration: Equatable {
  /// After how many layers the transformer's states are taken, four numbers that rise.
  let stages: [Int]
  let heads: Int
  let layerNormEps: Double

  static let file = "config.json"

  private struct File: Decodable {
    let modelType: String?, depthEstimationType: String?
    let reassembleFactors: [Double]?
    let backboneConfig: Backbone?
  }

  private struct Backbone: Decodable {
    let modelType: String?
    let outIndices: [Int]?
    let numAttentionHeads: Int?
    let layerNormEps: Double?
    let applyLayernorm: Bool?, useSwigluFfn: Bool?
  }

  /// - Parameter path: `config.json` as transformers saves it beside DepthAnythingForDepthEstimation.
  /// - Throws: `CheckpointError` for a file that is not there, or describes another network.
  init(path: String) throws(CheckpointError) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let file: File
    do {
      file = try decoder.decode(File.self, from: Data(contentsOf: URL(filePath: path)))
    } catch is DecodingError {
      throw Self.refusal("is not the configuration of a depth model")
    } catch {
      throw Self.refusal("cannot be read: a depth model is a folder of \(Self.file) and model.safetensors")
    }
    let backbone = file.backboneConfig
    guard file.modelType == "depth_anything", backbone?.modelType ?? "dinov2" == "dinov2" else {
      throw Self.refusal("describes another network than Depth Anything on DINOv2")
    }
    guard file.depthEstimationType ?? "relative" == "relative" else {
      throw Self.refusal("describes a model of metric depth; a ControlNet was trained on relative depth")
    }
    guard file.reassembleFactors ?? [4, 2, 1, 0.5] == [4, 2, 1, 0.5], backbone?.applyLayernorm ?? true,
      !(backbone?.useSwigluFfn ?? false)
    else { throw Self.refusal("describes a variant of Depth Anything that is not supported") }
    stages = backbone?.outIndices ?? [9, 10, 11, 12]
    heads = backbone?.numAttentionHeads ?? 6
    layerNormEps = backbone?.layerNormEps ?? 1e-6
    guard stages.count == 4, zip([-1] + stages, stages).allSatisfy({ $0 < $1 }), heads > 0, layerNormEps > 0
    else {
      throw Self.refusal("needs four out_indices that rise, and heads and layer_norm_eps above 0")
    }
  }

  private static func refusal(_ why: String) -> CheckpointError { CheckpointError("\(file) \(why)") }
}
