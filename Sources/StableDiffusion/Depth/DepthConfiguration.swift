import Foundation

/// What the shapes of a depth model's weights do not tell.
/// Source: transformers `models/depth_anything/configuration_depth_anything.py`,
/// `models/dinov2/configuration_dinov2.py` and `backbone_utils.py`, BackboneConfigMixin, with their defaults: published
/// files list only what differs from these.
struct DepthConfiguration: Equatable {
  /// After how many layers the transformer's states are taken, four numbers that rise.
  let stages: [Int]
  /// The transformer's channels, and the heads that they make.
  let width: Int
  let heads: Int
  let layerNormEps: Double

  static let file = "config.json"

  private struct File: Decodable {
    let modelType: String?, depthEstimationType: String?
    let reassembleFactors: [Double]?
    let headInIndex: Int?
    let backboneConfig: Backbone?
    /// A configuration that lies elsewhere.
    let backbone: String?
  }

  private struct Backbone: Decodable {
    var modelType: String?, hiddenAct: String?
    var hiddenSize: Int?, numAttentionHeads: Int?
    var outIndices: [Int]?, outFeatures: [String]?
    var layerNormEps: Double?
    var applyLayernorm: Bool?, useSwigluFfn: Bool?

    /// DepthAnythingConfig's, where a file has none at all.
    static let small = Backbone(
      modelType: "dinov2", hiddenSize: 384, numAttentionHeads: 6, outIndices: [9, 10, 11, 12])

    /// `nil` where neither key says them, or the two disagree.
    var stages: [Int]? {
      let named = outFeatures?.map { name in
        name == "stem" ? 0 : name.dropping("stage").flatMap(Int.init) ?? -1
      }
      guard let outIndices, let named else { return outIndices ?? named }
      return outIndices == named ? named : nil
    }
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
    let backbone = file.backboneConfig ?? .small
    guard file.modelType == "depth_anything", backbone.modelType == "dinov2", file.backbone == nil else {
      throw Self.refusal("describes another network than Depth Anything on DINOv2")
    }
    guard file.depthEstimationType ?? "relative" == "relative" else {
      throw Self.refusal("describes a model of metric depth; a ControlNet was trained on relative depth")
    }
    guard file.reassembleFactors ?? [4, 2, 1, 0.5] == [4, 2, 1, 0.5], file.headInIndex ?? -1 == -1,
      backbone.hiddenAct ?? "gelu" == "gelu", backbone.applyLayernorm ?? true,
      !(backbone.useSwigluFfn ?? false)
    else { throw Self.refusal("describes a variant of Depth Anything that is not supported") }
    guard let stages = backbone.stages, stages.count == 4,
      zip([-1] + stages, stages).allSatisfy({ $0 < $1 })
    else { throw Self.refusal("needs four stages that rise, as out_indices or as out_features") }
    self.stages = stages
    width = backbone.hiddenSize ?? 768
    heads = backbone.numAttentionHeads ?? 12
    layerNormEps = backbone.layerNormEps ?? 1e-6
    guard width > 0, heads > 0, width % heads == 0, layerNormEps > 0 else {
      throw Self.refusal("needs layer_norm_eps above 0, and a hidden_size of whole num_attention_heads")
    }
  }

  private static func refusal(_ why: String) -> CheckpointError { CheckpointError("\(file) \(why)") }
}
