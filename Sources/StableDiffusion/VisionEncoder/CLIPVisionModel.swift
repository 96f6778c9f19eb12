import NN
import Torch

/// The picture half of CLIP.
/// Source: transformers `models/clip/modeling_clip.py`, CLIPVisionModelWithProjection.
final class CLIPVisionModel {
  let classEmbedding: Tensor, patchEmbedding: Tensor, positionEmbedding: Tensor
  let preLayerNorm: LayerNorm, layers: [CLIPEncoderLayer], postLayerNorm: LayerNorm
  let visualProjection: Linear
  /// Channels of the hidden states, and of the projected summary.
  let width: Int, projectedC: Int
  let formats: NumberFormats
  private let patch: Int

  init(_ w: Weights, _ configuration: CLIPVisionConfiguration) throws {
    let vision = w["vision_model"]
    let embeddings = vision["embeddings"]
    let shape = try embeddings["patch_embedding"].shape("weight", rank: 4)
    (width, patch, formats) = (shape[0], shape[2], w.formats)
    guard shape[1] == 3, shape[3] == patch, configuration.imageSize % patch == 0 else {
      throw embeddings["patch_embedding"].unsuitable(
        "weight", "\(shape) does not cut \(configuration.imageSize) pixels of three colours into squares")
    }
    guard width % configuration.heads == 0 else {
      throw embeddings["patch_embedding"].unsuitable(
        "weight", "\(width) channels do not make \(configuration.heads) heads")
    }
    let side = configuration.imageSize / patch
    classEmbedding = try embeddings.summand("class_embedding", [width])
    patchEmbedding = try embeddings["patch_embedding"].tensor("weight", shape)
    positionEmbedding = try embeddings["position_embedding"].summand("weight", [1 + side * side, width])
    preLayerNorm = try LayerNorm(vision["pre_layrnorm"], width, eps: configuration.layerNormEps)
    let form = CLIPLayerForm(
      headC: width / configuration.heads, mask: .none, activation: configuration.activation,
      eps: configuration.layerNormEps)
    layers = try (0..<vision["encoder"].count("layers")).map { [width] in
      try CLIPEncoderLayer(vision["encoder"]["layers"][$0], width, form)
    }
    guard layers.count >= 2 else {
      throw embeddings["patch_embedding"].unsuitable("weight", "an image encoder has two layers or more")
    }
    postLayerNorm = try LayerNorm(vision["post_layernorm"], width, eps: configuration.layerNormEps)
    projectedC = try w["visual_projection"].shape("weight", rank: 2)[0]
    visualProjection = try Linear(w["visual_projection"], width, projectedC, bias: .absent)
  }

  /// - Parameters: pixels normalised, `[1, 3, H, W]`; pause called before each layer.
  /// - Returns: `image_embeds`, `[1, projected]`, or `hidden_states[-2]`, `[1, 1 + patches, C]`.
  func callAsFunction(
    _ pixels: Tensor, as form: ImageEmbedding.Form, pause: () throws -> Void
  ) throws -> Tensor {
    let patches = try conv2d(
      pixels.to(formats.products), patchEmbedding.to(formats.products), nil, stride: patch, padding: 0)
    let tokens = try patches.to(formats.sums).reshape(1, width, -1).transpose(1, 2)  // [1, patches, C]
    var h = try cat([classEmbedding.reshape(1, 1, -1), tokens], dim: 1) + positionEmbedding
    h = try preLayerNorm(h)  // [1, 1 + patches, C]
    for layer in form == .hidden ? layers.dropLast() : layers[...] {
      try pause()
      h = try layer(h)
    }
    if form == .hidden { return h }
    return try visualProjection(postLayerNorm(h.narrow(1, from: 0, length: 1))).reshape(1, -1)
  }
}
