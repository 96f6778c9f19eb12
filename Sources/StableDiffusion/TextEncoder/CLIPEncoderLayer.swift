import NN
import Torch

/// Causal self-attention and feed-forward, each after a norm and around a residual.
/// Source: transformers `models/clip/modeling_clip.py`, CLIPEncoderLayer.
final class CLIPEncoderLayer {
  let layerNorm1: LayerNorm, selfAttn: CLIPAttention
  let layerNorm2: LayerNorm, fc1: Linear, fc2: Linear
  private let activation: CLIPActivation

  init(_ w: Weights, _ channels: Int, activation: CLIPActivation) throws {
    layerNorm1 = try LayerNorm(w["layer_norm1"], channels, eps: 1e-5)
    selfAttn = try CLIPAttention(w["self_attn"], channels)
    layerNorm2 = try LayerNorm(w["layer_norm2"], channels, eps: 1e-5)
    let inner = try w["mlp"]["fc1"].shape("weight", rank: 2)[0]
    fc1 = try Linear(w["mlp"]["fc1"], channels, inner)
    fc2 = try Linear(w["mlp"]["fc2"], inner, channels)
    self.activation = activation
  }

  /// - Parameter x: `[B, L, C]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let x = try x + selfAttn(layerNorm1(x))
    return try x + fc2(activation(fc1(layerNorm2(x))))  // [B, L, inner] inside
  }
}

/// Source: transformers `models/clip/modeling_clip.py`, CLIPAttention with a causal mask.
final class CLIPAttention {
  let qProj: Linear, kProj: Linear, vProj: Linear, outProj: Linear
  private let heads: Int

  init(_ w: Weights, _ channels: Int) throws {
    guard channels % Channels.head == 0 else {
      throw w["q_proj"].unsuitable("weight", "\(channels) channels do not make heads of \(Channels.head)")
    }
    qProj = try Linear(w["q_proj"], channels, channels)
    kProj = try Linear(w["k_proj"], channels, channels)
    vProj = try Linear(w["v_proj"], channels, channels)
    outProj = try Linear(w["out_proj"], channels, channels)
    heads = channels / Channels.head
  }

  /// - Parameter x: `[B, L, C]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let h = try scaledDotProductAttention(
      split(qProj(x)), split(kProj(x)), split(vProj(x)), mask: .causal)  // [B, heads, L, 64]
    return try outProj(h.transpose(1, 2).reshape(x.size(0), x.size(1), -1))
  }

  private func split(_ x: Tensor) throws(TorchError) -> Tensor {
    try x.reshape(x.size(0), x.size(1), heads, -1).transpose(1, 2)  // [B, heads, L, 64]
  }
}
