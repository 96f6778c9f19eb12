import NN
import Torch

/// What a UNet and the ControlNets beside it have alike: time and sizes, the way down and the middle.
/// Source: diffusers `models/unets/unet_2d_condition.py`, UNet2DConditionModel, and `models/controlnets/controlnet.py`,
/// ControlNetModel, which names these layers alike.
final class UNetEncoder {
  let convIn: Conv2d
  let timeEmbedding: TimestepEmbedding, addEmbedding: TimestepEmbedding
  let downBlocks: [DownBlock2D], midBlock: UNetMidBlock2D
  let formats: NumberFormats
  /// Channels of the latents it takes, and of the pooled text.
  let inC: Int, pooledC: Int
  /// Channels of each result of the way down, the first convolution's first. The last one's are the middle's.
  let skipChannels: [Int]

  /// Width of each of the six numbers of size conditioning (`addition_time_embed_dim`).
  static let timeIDDim = 256

  /// - Parameter context: channels of the text.
  init(_ w: Weights, context: Int) throws {
    let conv = try w["conv_in"].shape("weight", rank: 4)
    timeEmbedding = try TimestepEmbedding(w["time_embedding"])
    addEmbedding = try TimestepEmbedding(w["add_embedding"])
    let widths = UNetWidths(temb: timeEmbedding.outC, context: context)
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
    (inC, skipChannels, formats) = (conv[1], skips, w.formats)
  }

  /// What does not change from step to step.
  /// - Parameters: pooled `[B, pooled]`; timeIDs six numbers: original size, crop and target size, height first.
  /// - Returns: `[B, temb]`.
  func embed(pooled: Tensor, timeIDs: [Double]) throws(TorchError) -> Tensor {
    let batch = pooled.size(0)
    let ids = try Timesteps.embed(timeIDs, dim: Self.timeIDDim).reshape(1, -1)  // [1, 6 × 256]
      .expand(batch, timeIDs.count * Self.timeIDDim).to(pooled.device)
    return try addEmbedding(cat([pooled.to(formats.sums), ids.to(formats.sums)], dim: 1))
  }

  /// The time as the residual blocks take it, `[B, temb]`, already through SiLU.
  /// - Parameters: timestep may be fractional; added from `embed`.
  func embed(timestep: Double, added: Tensor) throws(TorchError) -> Tensor {
    let time = try Timesteps.embed([timestep], dim: timeEmbedding.inC).to(formats.sums).to(added.device)
    return try silu(timeEmbedding(time) + added)
  }

  /// - Parameters: sample `[B, inC, H, W]`; temb from `embed`; hint what is added behind the first convolution,
  ///   `[1, C0, H, W]`.
  /// - Returns: every result of the way down, in the order of `skipChannels`, and the middle's.
  func callAsFunction(
    _ sample: Tensor, temb: Tensor, context: AttentionContext, hint: Tensor? = nil
  ) throws(TorchError) -> (skips: [Tensor], middle: Tensor) {
    var h = try convIn(sample.to(formats.sums))  // [B, C0, H, W]
    if let hint { h = try h + hint }
    var skips = [h]
    for block in downBlocks {
      let stages = try block(h, temb: temb, context: context)
      skips += stages
      h = stages[stages.count - 1]
    }
    return (skips, try midBlock(h, temb: temb, context: context))
  }
}
