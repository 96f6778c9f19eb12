import NN
import Torch

/// The network that predicts noise (or velocity) in latents, given a time, a text and a size.
/// Source: diffusers `models/unets/unet_2d_condition.py`, UNet2DConditionModel as SDXL configures it.
final class UNet2DConditionModel {
  let convIn: Conv2d
  let timeEmbedding: TimestepEmbedding, addEmbedding: TimestepEmbedding
  let downBlocks: [DownBlock2D], midBlock: UNetMidBlock2D, upBlocks: [UpBlock2D]
  let convNormOut: GroupNorm, convOut: Conv2d
  let formats: NumberFormats
  /// Channels of the latents, of the text, and of the pooled text.
  let latentC: Int, contextC: Int, pooledC: Int
  /// Whether it takes a mask and the latents of what is around it beside the sample.
  let inpaints: Bool

  /// Width of each of the six numbers of size conditioning (`addition_time_embed_dim`).
  static let timeIDDim = 256

  init(_ w: Weights) throws {
    let conv = try w["conv_in"].shape("weight", rank: 4)
    timeEmbedding = try TimestepEmbedding(w["time_embedding"])
    addEmbedding = try TimestepEmbedding(w["add_embedding"])
    let widths = UNetWidths(temb: timeEmbedding.outC, context: try Self.contextChannels(w))
    guard timeEmbedding.inC == conv[0] else {
      throw w["time_embedding"]["linear_1"].unsuitable("weight", "takes \(timeEmbedding.inC), not \(conv[0])")
    }
    guard addEmbedding.outC == timeEmbedding.outC else {
      throw w["add_embedding"]["linear_2"].unsuitable(
        "weight", "gives \(addEmbedding.outC) channels, not \(timeEmbedding.outC)")
    }
    pooledC = addEmbedding.inC - 6 * Self.timeIDDim
    guard pooledC > 0 else {
      throw w["add_embedding"]["linear_1"].unsuitable("weight", "has no room for the pooled text")
    }
    convIn = try Conv2d(w["conv_in"], conv[1], conv[0], kernel: 3, padding: 1)

    var channels = conv[0]
    var skips = [channels]
    downBlocks = try (0..<w.count("down_blocks")).map {
      let block = try DownBlock2D(w["down_blocks"][$0], in: channels, widths)
      channels = block.outC
      skips += Array(repeating: channels, count: block.resnets.count + (block.downsampler == nil ? 0 : 1))
      return block
    }
    midBlock = try UNetMidBlock2D(w["mid_block"], channels, widths)
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
    let outC = try w["conv_out"].shape("weight", rank: 4)[0]
    // The mask, and what is around it.
    inpaints = conv[1] == 2 * outC + 1
    guard outC == conv[1] || inpaints else {
      throw w["conv_in"].unsuitable("weight", "takes \(conv[1]) channels, conv_out gives \(outC)")
    }
    convOut = try Conv2d(w["conv_out"], channels, outC, kernel: 3, padding: 1)
    (latentC, contextC, formats) = (outC, widths.context, w.formats)
  }

  /// The width of the text, read off the first cross-attention, which is in the middle block at the latest.
  private static func contextChannels(_ w: Weights) throws -> Int {
    let block = w["mid_block"]["attentions"][0]["transformer_blocks"][0]
    return try block["attn2"]["to_k"].shape("weight", rank: 2)[1]
  }

  /// What does not change from step to step, ready for `callAsFunction`.
  /// - Parameters: pooled `[B, pooled]`; timeIDs six numbers: original size, crop and target size, height first.
  /// - Returns: `[B, temb]`.
  func embed(pooled: Tensor, timeIDs: [Double]) throws(TorchError) -> Tensor {
    let batch = pooled.size(0)
    let ids = try Timesteps.embed(timeIDs, dim: Self.timeIDDim).reshape(1, -1)  // [1, 6 × 256]
      .expand(batch, timeIDs.count * Self.timeIDDim).to(pooled.device)
    return try addEmbedding(cat([pooled.to(formats.sums), ids.to(formats.sums)], dim: 1))
  }

  /// - Parameters: sample `[B, C, H, W]`, or `[B, 2C + 1, H, W]` where it inpaints; timestep may be fractional; added from `embed`.
  /// - Returns: the network's answer, `[B, C, H, W]`, in the sample's format.
  func callAsFunction(
    _ sample: Tensor, timestep: Double, context: AttentionContext, added: Tensor
  ) throws(TorchError) -> Tensor {
    let time = try Timesteps.embed([timestep], dim: timeEmbedding.inC).to(formats.sums).to(sample.device)
    let temb = try silu(timeEmbedding(time) + added)  // [B, temb]
    var h = try convIn(sample.to(formats.sums))  // [B, C0, H, W]
    var skips = [h]
    for block in downBlocks {
      let stages = try block(h, temb: temb, context: context)
      skips += stages
      h = stages[stages.count - 1]
    }
    h = try midBlock(h, temb: temb, context: context)
    for block in upBlocks { h = try block(h, skips: &skips, temb: temb, context: context) }
    h = try convOut(silu(convNormOut(h)))  // [B, C, H, W]
    return try h.to(formatOf: sample)
  }
}
