import NN
import Torch

/// Self-attention, cross-attention and feed-forward, each after a norm and around a residual.
/// Source: diffusers `models/attention.py`, BasicTransformerBlock, `norm_type="layer_norm"`.
final class BasicTransformerBlock {
  let norm1: LayerNorm, attn1: Attention
  let norm2: LayerNorm, attn2: Attention
  let norm3: LayerNorm, ff: FeedForward
  /// Whether perturbed-attention guidance switches its self-attention off.
  /// Source: diffusers `pipelines/pag/pipeline_pag_sd_xl.py`, `pag_applied_layers="mid"`.
  private let isPerturbable: Bool

  init(_ w: Weights, _ channels: Int, context: Int) throws {
    norm1 = try LayerNorm(w["norm1"], channels, eps: 1e-5)
    attn1 = try Attention(w["attn1"], channels)
    norm2 = try LayerNorm(w["norm2"], channels, eps: 1e-5)
    attn2 = try Attention(w["attn2"], channels, context: context)
    norm3 = try LayerNorm(w["norm3"], channels, eps: 1e-5)
    ff = try FeedForward(w["ff"], channels)
    isPerturbable = attn1.path.hasPrefix("mid_block.")
  }

  /// - Parameter x: `[B, L, C]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor, context: AttentionContext) throws(TorchError) -> Tensor {
    let h = try norm1(x)
    var x =
      context.perturbed && isPerturbable
      ? try x + attn1.perturbed(h, reference: context.reference)
      : try x + attn1(h, reference: context.reference)
    x = try x + attn2(norm2(x), context: context.text, reference: context.reference)
    return try x + ff(norm3(x))
  }
}

/// Transformer blocks over the pixels of a feature map.
/// Source: diffusers `models/transformers/transformer_2d.py`, Transformer2DModel, `use_linear_projection=True`.
final class Transformer2DModel {
  let norm: GroupNorm, projIn: Linear
  let transformerBlocks: [BasicTransformerBlock]
  let projOut: Linear

  init(_ w: Weights, _ channels: Int, context: Int) throws {
    norm = try GroupNorm(w["norm"], groups: Channels.normGroups, channels: channels, eps: 1e-6)
    projIn = try Linear(w["proj_in"], channels, channels)
    transformerBlocks = try (0..<w.count("transformer_blocks")).map {
      try BasicTransformerBlock(w["transformer_blocks"][$0], channels, context: context)
    }
    projOut = try Linear(w["proj_out"], channels, channels)
  }

  /// - Parameter x: `[B, C, H, W]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor, context: AttentionContext) throws(TorchError) -> Tensor {
    let (batch, channels, height, width) = (x.size(0), x.size(1), x.size(2), x.size(3))
    var h = try norm(x).permute(0, 2, 3, 1).reshape(batch, height * width, channels)  // [B, HW, C]
    h = try projIn(h)
    for block in transformerBlocks { h = try block(h, context: context) }
    h = try projOut(h).reshape(batch, height, width, channels).permute(0, 3, 1, 2)  // [B, C, H, W]
    return try h + x
  }
}
