import NN
import Torch

/// What differs between the layers of CLIP's text and vision halves.
struct CLIPLayerForm {
  /// Channels of one attention head.
  let headC: Int
  let mask: AttentionMask
  let activation: CLIPActivation
  /// Of both norms.
  let eps: Double

  /// The text encoders'.
  static func text(_ activation: CLIPActivation) -> CLIPLayerForm {
    CLIPLayerForm(headC: Channels.head, mask: .causal, activation: activation, eps: 1e-5)
  }
}

/// Self-attention and feed-forward, each after a norm and around a residual.
/// Source: transformers `models/clip/modeling_clip.py`, CLIPEncoderLayer.
final class CLIPEncoderLayer {
  let layerNorm1: LayerNorm, selfAttn: CLIPAttention
  let layerNorm2: LayerNorm, fc1: Linear, fc2: Linear
  private let activation: CLIPActivation

  init(_ w: Weights, _ channels: Int, _ form: CLIPLayerForm) throws {
    layerNorm1 = try LayerNorm(w["layer_norm1"], channels, eps: form.eps)
    selfAttn = try CLIPAttention(w["self_attn"], channels, form)
    layerNorm2 = try LayerNorm(w["layer_norm2"], channels, eps: form.eps)
    let inner = try w["mlp"]["fc1"].shape("weight", rank: 2)[0]
    fc1 = try Linear(w["mlp"]["fc1"], channels, inner)
    fc2 = try Linear(w["mlp"]["fc2"], inner, channels)
    activation = form.activation
  }

  /// - Parameter x: `[B, L, C]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let x = try x + selfAttn(layerNorm1(x))
    return try x + fc2(activation(fc1(layerNorm2(x))))  // [B, L, inner] inside
  }
}

/// Source: transformers `models/clip/modeling_clip.py`, CLIPAttention.
final class CLIPAttention {
  let qProj: Linear, kProj: Linear, vProj: Linear, outProj: Linear
  private let heads: Int
  private let mask: AttentionMask

  init(_ w: Weights, _ channels: Int, _ form: CLIPLayerForm) throws {
    guard channels % form.headC == 0 else {
      throw w["q_proj"].unsuitable("weight", "\(channels) channels do not make heads of \(form.headC)")
    }
    qProj = try Linear(w["q_proj"], channels, channels)
    kProj = try Linear(w["k_proj"], channels, channels)
    vProj = try Linear(w["v_proj"], channels, channels)
    outProj = try Linear(w["out_proj"], channels, channels)
    (heads, mask) = (channels / form.headC, form.mask)
  }

  /// - Parameter x: `[B, L, C]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let h = try scaledDotProductAttention(
      split(qProj(x)), split(kProj(x)), split(vProj(x)), mask: mask)  // [B, heads, L, headC]
    return try outProj(h.transpose(1, 2).reshape(x.size(0), x.size(1), -1))
  }

  private func split(_ x: Tensor) throws(TorchError) -> Tensor {
    try x.reshape(x.size(0), x.size(1), heads, -1).transpose(1, 2)  // [B, heads, L, headC]
  }
}
