import NN
import Torch

/// The vision transformer that sees for a depth model.
/// Source: transformers `models/dinov2/modeling_dinov2.py`, Dinov2Backbone.
final class Dinov2 {
  let embeddings: Dinov2Embeddings
  let layers: [Dinov2Layer]
  let layernorm: LayerNorm
  /// After how many layers states are given out.
  private let stages: [Int]

  init(_ w: Weights, _ configuration: DepthConfiguration) throws {
    embeddings = try Dinov2Embeddings(w["embeddings"])
    let width = embeddings.width
    layers = try (0..<w["encoder"].count("layer")).map {
      try Dinov2Layer(w["encoder"]["layer"][$0], width, configuration)
    }
    layernorm = try LayerNorm(w["layernorm"], width, eps: configuration.layerNormEps)
    stages = configuration.stages
    guard let last = stages.last, last <= layers.count else {
      throw w["layernorm"].unsuitable(
        "weight",
        "the network has \(layers.count) layers, and \(DepthConfiguration.file) asks for the states of \(stages)"
      )
    }
  }

  /// Sides of a patch in pixels, and patches in a row of the pictures it was trained on.
  var patch: Int { embeddings.patch }
  var grid: Int { embeddings.grid }

  /// - Parameters: x a picture `[1, 3, H, W]` of whole patches; pause called before each layer.
  /// - Returns: states by stage, `[1, C, H / patch, W / patch]`.
  func callAsFunction(_ x: Tensor, pause: () throws -> Void = {}) throws -> [Tensor] {
    let (rows, columns) = (x.size(2) / patch, x.size(3) / patch)
    var states = [try embeddings(x)]  // [1, 1 + patches, C]
    for layer in layers {
      try pause()
      states.append(try layer(states[states.count - 1]))
    }
    var maps: [Tensor] = []
    for stage in stages {
      let patches = try layernorm(states[stage]).narrow(1, from: 1, length: rows * columns)
      maps.append(try patches.transpose(1, 2).reshape(1, -1, rows, columns).contiguous())
    }
    return maps
  }
}

/// A picture as patches, each at its place, behind one token for the whole.
/// Source: the same file, Dinov2Embeddings.
final class Dinov2Embeddings {
  let projection: Conv2d, clsToken: Tensor, positionEmbeddings: Tensor
  let width: Int, patch: Int, grid: Int

  init(_ w: Weights) throws {
    let kernel = try w["patch_embeddings"]["projection"].shape("weight", rank: 4)
    let table = try w.shape("position_embeddings", rank: 3)
    let grid = Int(Double(table[1] - 1).squareRoot())
    guard grid > 0, grid * grid == table[1] - 1 else {
      throw w.unsuitable("position_embeddings", "\(table[1]) places are not one and a square")
    }
    (width, patch, self.grid) = (kernel[0], kernel[2], grid)
    projection = try Conv2d(w["patch_embeddings"]["projection"], 3, width, kernel: patch, stride: patch)
    clsToken = try w.summand("cls_token", [1, 1, width])
    positionEmbeddings = try w.summand("position_embeddings", [1, table[1], width])
  }

  /// - Parameter x: `[1, 3, H, W]`. - Returns: `[1, 1 + patches, C]`.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let patches = try projection(x)  // [1, C, H / patch, W / patch]
    let placed = try patches + places(rows: patches.size(2), columns: patches.size(3))
    let whole = try clsToken + positionEmbeddings.narrow(1, from: 0, length: 1)
    return try cat([whole, placed.reshape(1, width, -1).transpose(1, 2)], dim: 1)
  }

  /// - Returns: `[1, C, rows, columns]`.
  private func places(rows: Int, columns: Int) throws(TorchError) -> Tensor {
    let table = try positionEmbeddings.narrow(1, from: 1, length: grid * grid)
      .reshape(1, grid, grid, width).permute(0, 3, 1, 2).contiguous()
    return rows == grid && columns == grid
      ? table : try upsampleBicubic2d(table, height: rows, width: columns)
  }
}

/// Self-attention and feed-forward, each after a norm, scaled by channel and around a residual.
/// Source: the same file, Dinov2Layer.
final class Dinov2Layer {
  let norm1: LayerNorm, attention: Dinov2Attention, layerScale1: Tensor
  let norm2: LayerNorm, fc1: Linear, fc2: Linear, layerScale2: Tensor

  init(_ w: Weights, _ width: Int, _ configuration: DepthConfiguration) throws {
    norm1 = try LayerNorm(w["norm1"], width, eps: configuration.layerNormEps)
    attention = try Dinov2Attention(w["attention"], width, heads: configuration.heads)
    layerScale1 = try w["layer_scale1"].summand("lambda1", [width])
    norm2 = try LayerNorm(w["norm2"], width, eps: configuration.layerNormEps)
    let inner = try w["mlp"]["fc1"].shape("weight", rank: 2)[0]
    fc1 = try Linear(w["mlp"]["fc1"], width, inner)
    fc2 = try Linear(w["mlp"]["fc2"], inner, width)
    layerScale2 = try w["layer_scale2"].summand("lambda1", [width])
  }

  /// - Parameter x: `[B, L, C]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let x = try x + attention(norm1(x)) * layerScale1
    return try x + fc2(gelu(fc1(norm2(x)))) * layerScale2  // [B, L, inner] inside
  }
}

/// Source: the same file, Dinov2Attention; under the names that published files have.
final class Dinov2Attention {
  let query: Linear, key: Linear, value: Linear, dense: Linear
  private let heads: Int

  init(_ w: Weights, _ width: Int, heads: Int) throws {
    let inner = w["attention"]
    guard width % heads == 0 else {
      throw inner["query"].unsuitable("weight", "\(width) channels do not make \(heads) heads")
    }
    query = try Linear(inner["query"], width, width)
    key = try Linear(inner["key"], width, width)
    value = try Linear(inner["value"], width, width)
    dense = try Linear(w["output"]["dense"], width, width)
    self.heads = heads
  }

  /// - Parameter x: `[B, L, C]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let h = try scaledDotProductAttention(split(query(x)), split(key(x)), split(value(x)))
    return try dense(h.transpose(1, 2).reshape(x.size(0), x.size(1), -1))  // [B, heads, L, D] before
  }

  private func split(_ x: Tensor) throws(TorchError) -> Tensor {
    try x.reshape(x.size(0), x.size(1), heads, -1).transpose(1, 2)  // [B, heads, L, D]
  }
}
