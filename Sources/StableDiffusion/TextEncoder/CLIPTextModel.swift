import NN
import Torch

/// The text half of CLIP: what both encoders of SDXL are.
/// Source: transformers `models/clip/modeling_clip.py`, CLIPTextModel and CLIPTextModelWithProjection.
final class CLIPTextModel {
  let tokenEmbedding: Embedding, positionEmbedding: Parameter
  let layers: [CLIPEncoderLayer]
  let finalLayerNorm: LayerNorm
  let textProjection: Linear?
  /// Channels of the hidden states, and of the pooled text where there is one.
  let width: Int, pooledC: Int?
  private let endOfText: Int32
  private let device: Device

  /// Positions of a window (`max_position_embeddings`).
  static let positions = 77

  /// - Parameters: activation the first encoder's `quickGELU` or the second's `gelu`; endOfText the token
  ///   whose position is pooled.
  init(_ w: Weights, activation: CLIPActivation, endOfText: Int32) throws {
    let text = w["text_model"]
    let table = try text["embeddings"]["token_embedding"].shape("weight", rank: 2)
    let width = table[1]
    // The end token is the vocabulary's last: with a row for it there is one for every token.
    guard table[0] > Int(endOfText) else {
      throw text["embeddings"]["token_embedding"].unsuitable(
        "weight", "\(table[0]) rows do not hold the vocabulary of \(endOfText + 1) tokens")
    }
    tokenEmbedding = try Embedding(text["embeddings"]["token_embedding"], rows: table[0], width: width)
    positionEmbedding = try text["embeddings"]["position_embedding"].parameter(
      "weight", [Self.positions, width], w.formats.sums)
    layers = try (0..<text["encoder"].count("layers")).map {
      try CLIPEncoderLayer(text["encoder"]["layers"][$0], width, .text(activation))
    }
    guard layers.count >= 2 else {
      throw text["embeddings"]["token_embedding"].unsuitable(
        "weight", "SDXL reads the last layer but one of two or more")
    }
    finalLayerNorm = try LayerNorm(text["final_layer_norm"], width, eps: 1e-5)
    if w.has("text_projection") {
      let outC = try w["text_projection"].shape("weight", rank: 2)[0]
      textProjection = try Linear(w["text_projection"], width, outC, bias: .absent)
      pooledC = outC
    } else {
      (textProjection, pooledC) = (nil, nil)
    }
    (self.width, self.endOfText, device) = (width, endOfText, w.store.device)
  }

  /// What SDXL reads of one window of tokens.
  struct Output {
    /// The states of the layer asked for, without the final norm: `[1, 77, C]`.
    let hidden: Tensor
    /// The final norm of the last layer at the first end token, projected: `[1, pooled]`.
    let pooled: Tensor?
  }

  /// - Parameters:
  ///   - tokens: 77 ids. Padding is attended to like any token, as SDXL was trained.
  ///   - vectors: `[n, C]`, what ids from `TokenReader.firstVector` on stand for.
  ///   - clipSkip: the layer whose states are wanted: 1 the last, 2 the one before, up to `layers.count`;
  ///     transformers' `hidden_states[-clipSkip]`.
  func callAsFunction(
    _ tokens: [Int32], vectors: Tensor? = nil, clipSkip: Int = 2
  ) throws(TorchError) -> Output {
    var h = try embed(tokens, vectors) + positionEmbedding.value  // [1, 77, C]
    for layer in layers.dropLast(clipSkip - 1) { h = try layer(h) }
    let hidden = h
    guard let textProjection else { return Output(hidden: hidden, pooled: nil) }
    for layer in layers.suffix(clipSkip - 1) { h = try layer(h) }
    let end = tokens.firstIndex(of: endOfText) ?? tokens.count - 1
    let summary = try finalLayerNorm(h.narrow(1, from: end, length: 1))  // [1, 1, C]
    return Output(hidden: hidden, pooled: try textProjection(summary).reshape(1, -1))
  }

  /// - Returns: `[1, 77, C]`.
  private func embed(_ tokens: [Int32], _ vectors: Tensor?) throws(TorchError) -> Tensor {
    func look(_ run: ArraySlice<Int32>, from first: Int32 = 0) throws(TorchError) -> Tensor {
      try Tensor(run.map { Int64($0 - first) }, [1, run.count]).to(device)
    }
    guard let vectors else { return try tokenEmbedding(look(tokens[...])) }
    var runs: [Tensor] = []
    var rest = tokens[...]
    while let first = rest.first {
      let areVectors = first >= TokenReader.firstVector
      let run = rest.prefix { ($0 >= TokenReader.firstVector) == areVectors }
      rest = rest.dropFirst(run.count)
      runs.append(
        areVectors
          ? try embedding(vectors, look(run, from: TokenReader.firstVector)).to(
            formatOf: positionEmbedding.value)
          : try tokenEmbedding(look(run)))
    }
    return try cat(runs, dim: 1)
  }
}

/// What stands between the two linears of a layer.
enum CLIPActivation {
  /// `x · sigmoid(1.702 x)`. Source: transformers `activations.py`, QuickGELUActivation.
  case quickGELU
  case gelu

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    switch self {
    case .quickGELU: try x * sigmoid(x * 1.702)
    case .gelu: try Torch.gelu(x)
    }
  }
}
