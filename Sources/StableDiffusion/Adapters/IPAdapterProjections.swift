import NN
import Torch

/// What makes tokens for the cross-attentions of what an image encoder says.
enum ImageTokens {
  case plain(ImageProjection)
  case plus(Resampler)
  case face(FaceProjection)

  /// - Parameter context: channels that the cross-attentions take.
  init(_ w: Weights, context: Int) throws {
    let isPlus = w.has("latents")
    let norm = w[isPlus ? "norm_out" : "norm"]
    let contextC = try norm.shape("weight", rank: 1)[0]
    guard contextC == context else {
      throw norm.unsuitable(
        "weight", "makes tokens of width \(contextC), and the model's attentions take \(context)")
    }
    if isPlus {
      self = .plus(try Resampler(w, context: context))
    } else if w.has("perceiver_resampler") {
      self = .face(try FaceProjection(w, context: context))
    } else {
      self = .plain(try ImageProjection(w, context: context))
    }
  }

  var kind: IPAdapter.Kind {
    switch self {
    case .plain: .plain
    case .plus: .plus
    case .face: .facePlusV2
    }
  }

  /// Channels taken of the image encoder.
  var inC: Int {
    switch self {
    case .plain(let projection): projection.inC
    case .plus(let resampler): resampler.perceiver.inC
    case .face(let projection): projection.perceiver.inC
    }
  }

  /// Numbers that are to be known of the face in a picture; `nil` is none.
  var faceC: Int? { if case .face(let projection) = self { projection.faceC } else { nil } }
}

/// One vector to a few tokens: linear, cut, normed.
/// Source: diffusers `models/embeddings.py`, ImageProjection.
final class ImageProjection {
  let proj: Linear, norm: LayerNorm
  /// Channels taken.
  let inC: Int
  private let contextC: Int

  /// - Parameter context: channels of a token.
  init(_ w: Weights, context: Int) throws {
    let shape = try w["proj"].shape("weight", rank: 2)
    (inC, contextC) = (shape[1], context)
    guard shape[0] % context == 0 else {
      throw w["proj"].unsuitable("weight", "gives \(shape[0]) channels, which are no tokens of \(context)")
    }
    proj = try Linear(w["proj"], inC, shape[0])
    norm = try LayerNorm(w["norm"], context, eps: 1e-5)
  }

  /// - Parameter x: `[B, in]`. - Returns: `[B, tokens, context]`.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try norm(proj(x).reshape(x.size(0), -1, contextC))
  }
}

/// Learnt queries that look at every patch of a picture.
/// Source: diffusers `models/embeddings.py`, IPAdapterPlusImageProjection; the names are those of the original,
/// tencent-ailab/IP-Adapter `ip_adapter/resampler.py`.
final class Resampler {
  let latents: Tensor
  let perceiver: Perceiver

  /// - Parameter context: channels of a token.
  init(_ w: Weights, context: Int) throws {
    let shape = try w.shape("latents", rank: 3)
    latents = try w.summand("latents", [1, shape[1], shape[2]])
    perceiver = try Perceiver(w, shape[2], context: context)
  }

  /// - Parameter states: `[1, S, in]`. - Returns: `[1, tokens, context]`.
  func callAsFunction(_ states: Tensor) throws(TorchError) -> Tensor {
    try perceiver(latents, seeing: states)
  }
}

/// What is known of a face makes the queries that look at every patch of its picture.
/// Source: diffusers `models/embeddings.py`, IPAdapterFaceIDPlusImageProjection, with `shortcut`, as the second
/// version of FaceID-plus is: the only one there is for SDXL.
final class FaceProjection {
  let fc1: Linear, fc2: Linear, norm: LayerNorm
  let perceiver: Perceiver
  /// Numbers taken of a face.
  let faceC: Int
  private let contextC: Int

  /// - Parameter context: channels of a token.
  init(_ w: Weights, context: Int) throws {
    let inner = try w["proj"][0].shape("weight", rank: 2)
    let outC = try w["proj"][2].shape("weight", rank: 2)[0]
    guard outC % context == 0 else {
      throw w["proj"][2].unsuitable("weight", "gives \(outC) channels, which are no tokens of \(context)")
    }
    fc1 = try Linear(w["proj"][0], inner[1], inner[0])
    fc2 = try Linear(w["proj"][2], inner[0], outC)
    norm = try LayerNorm(w["norm"], context, eps: 1e-5)
    perceiver = try Perceiver(w["perceiver_resampler"], context, context: context)
    (faceC, contextC) = (inner[1], context)
  }

  /// - Parameters: states `[1, S, in]`; face `[1, face]`. - Returns: `[1, tokens, context]`.
  func callAsFunction(_ states: Tensor, face: Tensor) throws(TorchError) -> Tensor {
    let tokens = try norm(fc2(gelu(fc1(face))).reshape(1, -1, contextC))  // [1, tokens, context]
    return try tokens + perceiver(tokens, seeing: states)
  }
}

/// Queries that look at a picture in several layers.
final class Perceiver {
  let projIn: Linear, layers: [PerceiverBlock], projOut: Linear, normOut: LayerNorm
  /// Channels taken.
  let inC: Int

  /// - Parameter context: channels given.
  init(_ w: Weights, _ channels: Int, context: Int) throws {
    inC = try w["proj_in"].shape("weight", rank: 2)[1]
    projIn = try Linear(w["proj_in"], inC, channels)
    layers = try (0..<w.count("layers")).map { try PerceiverBlock(w["layers"][$0], channels) }
    guard !layers.isEmpty else { throw w["proj_in"].unsuitable("weight", "no layers follow it") }
    projOut = try Linear(w["proj_out"], channels, context)
    normOut = try LayerNorm(w["norm_out"], context, eps: 1e-5)
  }

  /// - Parameters: latents `[1, tokens, C]`; states `[1, S, in]`. - Returns: `[1, tokens, context]`.
  func callAsFunction(_ latents: Tensor, seeing states: Tensor) throws(TorchError) -> Tensor {
    let x = try projIn(states)  // [1, S, C]
    var h = latents
    for layer in layers { h = try layer(h, seeing: x) }
    return try normOut(projOut(h))
  }
}

/// Attention of the latents to the picture and themselves, then a feed-forward, each around a residual.
/// Source: diffusers `models/embeddings.py`, IPAdapterPlusImageProjectionBlock.
final class PerceiverBlock {
  let norm1: LayerNorm, norm2: LayerNorm
  let toQ: Linear, toKV: Linear, toOut: Linear
  let norm3: LayerNorm, fc1: Linear, fc2: Linear
  private let heads: Int

  init(_ w: Weights, _ channels: Int) throws {
    let (attention, feedForward) = (w[0], w[1])
    let inner = try attention["to_q"].shape("weight", rank: 2)[0]
    guard inner % Channels.head == 0 else {
      throw attention["to_q"].unsuitable(
        "weight", "\(inner) channels do not make heads of \(Channels.head)")
    }
    norm1 = try LayerNorm(attention["norm1"], channels, eps: 1e-5)
    norm2 = try LayerNorm(attention["norm2"], channels, eps: 1e-5)
    toQ = try Linear(attention["to_q"], channels, inner, bias: .absent)
    toKV = try Linear(attention["to_kv"], channels, 2 * inner, bias: .absent)
    toOut = try Linear(attention["to_out"], inner, channels, bias: .absent)
    norm3 = try LayerNorm(feedForward[0], channels, eps: 1e-5)
    let hidden = try feedForward[1].shape("weight", rank: 2)[0]
    fc1 = try Linear(feedForward[1], channels, hidden, bias: .absent)
    fc2 = try Linear(feedForward[3], hidden, channels, bias: .absent)
    heads = inner / Channels.head
  }

  /// - Parameters: latents `[1, tokens, C]`; x the picture, `[1, S, C]`. - Returns: the latents' shape.
  func callAsFunction(_ latents: Tensor, seeing x: Tensor) throws(TorchError) -> Tensor {
    let own = try norm2(latents)
    let kv = try toKV(cat([norm1(x), own], dim: 1))  // [1, S + tokens, 2 inner]
    let inner = kv.size(-1) / 2
    let seen = try scaledDotProductAttention(
      split(toQ(own)), split(kv.narrow(-1, from: 0, length: inner)),
      split(kv.narrow(-1, from: inner, length: inner)))  // [1, heads, tokens, 64]
    let h = try toOut(seen.transpose(1, 2).reshape(latents.size(0), latents.size(1), -1)) + latents
    return try h + fc2(gelu(fc1(norm3(h))))
  }

  private func split(_ x: Tensor) throws(TorchError) -> Tensor {
    try x.reshape(x.size(0), x.size(1), heads, -1).transpose(1, 2)  // [1, heads, L, 64]
  }
}
