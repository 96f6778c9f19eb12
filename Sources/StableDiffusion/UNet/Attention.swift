import NN
import Torch

/// Multi-head attention of a sequence to itself or to a context.
/// Source: diffusers `models/attention_processor.py`, Attention with AttnProcessor2_0.
final class Attention {
  let toQ: Linear, toK: Linear, toV: Linear, toOut: Linear
  /// Its module's name in the UNet, `mid_block.attentions.0.transformer_blocks.0.attn2`: what adapters call it by.
  let path: String
  /// Channels of what is attended to.
  let contextC: Int
  private let heads: Int

  var channels: Int { heads * Channels.head }

  /// - Parameter context: channels of what is attended to; `nil` is the sequence itself.
  init(_ w: Weights, _ channels: Int, context: Int? = nil) throws {
    guard channels % Channels.head == 0 else {
      throw w["to_q"].unsuitable("weight", "\(channels) channels do not make heads of \(Channels.head)")
    }
    toQ = try Linear(w["to_q"], channels, channels, bias: .absent)
    toK = try Linear(w["to_k"], context ?? channels, channels, bias: .absent)
    toV = try Linear(w["to_v"], context ?? channels, channels, bias: .absent)
    toOut = try Linear(w["to_out"][0], channels, channels)
    contextC = context ?? channels
    heads = channels / Channels.head
    path = w.path.dropping("unet.") ?? w.path
  }

  /// - Parameters: x `[B, L, C]`; context `[B, S, context]`; reference what is seen beside the context, and
  ///   added to the layers.
  /// - Returns: `[B, L, C]`.
  func callAsFunction(
    _ x: Tensor, context: Tensor? = nil, reference: ReferenceContext? = nil
  ) throws(TorchError) -> Tensor {
    let x = try x.to(toQ.dtype)
    let source = context ?? x
    let change = reference?.changes[path]
    let q = try split(apply(toQ, change?.toQ, x))
    let k = try split(apply(toK, change?.toK, source))
    let v = try split(apply(toV, change?.toV, source))
    var h = try scaledDotProductAttention(q, k, v)  // [B, heads, L, 64]
    if let seen = try reference?(q, path: path) { h = try h + seen }
    return try apply(toOut, change?.toOut, h.transpose(1, 2).reshape(x.size(0), x.size(1), -1))  // [B, L, C]
  }

  private func apply(_ layer: Linear, _ change: LowRank?, _ x: Tensor) throws(TorchError) -> Tensor {
    guard let change else { return try layer(x) }
    return try layer(x) + change(x)
  }

  /// What it gives when every place sees itself alone: the attention's matrix is the identity.
  /// Source: diffusers `models/attention_processor.py`, PAGIdentitySelfAttnProcessor2_0.
  func perturbed(_ x: Tensor, reference: ReferenceContext? = nil) throws(TorchError) -> Tensor {
    let change = reference?.changes[path]
    return try apply(toOut, change?.toOut, apply(toV, change?.toV, x.to(toQ.dtype)))
  }

  /// Channels as heads: `[B, L, C]` to `[B, heads, L, 64]`.
  func split(_ x: Tensor) throws(TorchError) -> Tensor {
    try x.reshape(x.size(0), x.size(1), heads, -1).transpose(1, 2)
  }
}

/// Linear → GELU-gated half → linear, four times as wide inside.
/// Source: diffusers `models/attention.py`, FeedForward with `activation_fn="geglu"`.
final class FeedForward {
  let proj: Linear, out: Linear

  init(_ w: Weights, _ channels: Int) throws {
    proj = try Linear(w["net"][0]["proj"], channels, 8 * channels)
    out = try Linear(w["net"][2], 4 * channels, channels)
  }

  /// - Parameter x: `[B, L, C]`. - Returns: `[B, L, C]`.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let h = try proj(x.to(proj.dtype))  // [B, L, 8C]
    let half = h.size(-1) / 2
    let value = try h.narrow(-1, from: 0, length: half)  // [B, L, 4C]
    let gate = try h.narrow(-1, from: half, length: half)
    return try out(value * gelu(gate))  // [B, L, C]
  }
}
