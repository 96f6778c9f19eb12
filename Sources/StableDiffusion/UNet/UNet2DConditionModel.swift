import NN
import Torch

/// The network that predicts noise (or velocity) in latents, given a time, a text and a size.
/// Source: diffusers `models/unets/unet_2d_condition.py`, UNet2DConditionModel as SDXL configures it.
final class UNet2DConditionModel {
  let encoder: UNetEncoder, upBlocks: [UpBlock2D]
  let convNormOut: GroupNorm, convOut: Conv2d
  /// Channels of the latents and of the text.
  let latentC: Int, contextC: Int
  /// Whether it takes a mask and the latents of what is around it beside the sample.
  let inpaints: Bool

  init(_ w: Weights) throws {
    // The width of the text is read off the first cross-attention, which is in the middle block at the latest.
    let attention = w["mid_block"]["attentions"][0]["transformer_blocks"][0]["attn2"]
    contextC = try attention["to_k"].shape("weight", rank: 2)[1]
    encoder = try UNetEncoder(w, context: contextC)
    let widths = UNetWidths(temb: encoder.timeEmbedding.outC, context: contextC)
    var skips = encoder.skipChannels
    var channels = skips[skips.count - 1]
    upBlocks = try (0..<w.count("up_blocks")).map {
      let block = try UpBlock2D(w["up_blocks"][$0], in: channels, skips: &skips, widths)
      channels = block.outC
      return block
    }
    guard skips.isEmpty else {
      throw w["up_blocks"].unsuitable("0", "fewer blocks on the way up than on the way down")
    }
    convNormOut = try GroupNorm(
      w["conv_norm_out"], groups: Channels.normGroups, channels: channels, eps: 1e-5)
    latentC = try w["conv_out"].shape("weight", rank: 4)[0]
    // The mask, and what is around it.
    inpaints = encoder.inC == 2 * latentC + 1
    guard latentC == encoder.inC || inpaints else {
      throw w["conv_in"].unsuitable("weight", "takes \(encoder.inC) channels, conv_out gives \(latentC)")
    }
    convOut = try Conv2d(w["conv_out"], channels, latentC, kernel: 3, padding: 1)
  }

  /// Channels of the pooled text.
  var pooledC: Int { encoder.pooledC }

  /// What does not change from step to step, ready for `callAsFunction`.
  /// - Parameters: pooled `[B, pooled]`; timeIDs six numbers: original size, crop and target size, height first.
  /// - Returns: `[B, temb]`.
  func embed(pooled: Tensor, timeIDs: [Double]) throws(TorchError) -> Tensor {
    try encoder.embed(pooled: pooled, timeIDs: timeIDs)
  }

  /// - Parameters: sample `[B, C, H, W]`, or `[B, 2C + 1, H, W]` where it inpaints; timestep may be fractional; added
  ///   from `embed`; changes to the features on their way.
  /// - Returns: the network's answer, `[B, C, H, W]`, in the sample's format.
  func callAsFunction(
    _ sample: Tensor, timestep: Double, context: AttentionContext, added: Tensor,
    _ changes: FeatureChanges = FeatureChanges()
  ) throws(TorchError) -> Tensor {
    let temb = try encoder.embed(timestep: timestep, added: added)  // [B, temb]
    var (skips, h) = try encoder(sample, temb: temb, context: context)
    if let residuals = changes.residuals { (skips, h) = try residuals.added(to: skips, h) }
    for (level, block) in upBlocks.enumerated() {
      h = try block(h, skips: &skips, temb: temb, context: context, changes.freeU?.level(level))
    }
    h = try convOut(silu(convNormOut(h)))  // [B, C, H, W]
    return try h.to(formatOf: sample)
  }
}

/// What is done to a UNet's features in one evaluation, beyond what its weights do.
struct FeatureChanges {
  /// Of ControlNets, for every row of the sample.
  var residuals: ControlResiduals?
  var freeU: FreeU?
}
