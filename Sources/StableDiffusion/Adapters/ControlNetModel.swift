import NN
import Torch

/// A UNet's way down and middle, copied, that sees a picture too and answers with what to add to the UNet's results.
/// Source: diffusers `models/controlnets/controlnet.py`, ControlNetModel as for SDXL; Zhang et al. 2023.
final class ControlNetModel {
  let encoder: UNetEncoder
  let controlnetCondEmbedding: ControlNetConditioningEmbedding
  let controlnetDownBlocks: [Conv2d], controlnetMidBlock: Conv2d

  /// - Parameter context: channels of the text.
  init(_ w: Weights, context: Int) throws {
    let encoder = try UNetEncoder(w, context: context)
    let channels = encoder.skipChannels
    self.encoder = encoder
    controlnetCondEmbedding = try ControlNetConditioningEmbedding(w["controlnet_cond_embedding"], channels[0])
    controlnetDownBlocks = try channels.indices.map {
      try Conv2d(w["controlnet_down_blocks"][$0], channels[$0], channels[$0], kernel: 1)
    }
    let middle = channels[channels.count - 1]
    controlnetMidBlock = try Conv2d(w["controlnet_mid_block"], middle, middle, kernel: 1)
  }

  /// - Parameters: sample what the UNet is given, `[B, C, H, W]`; side what it is to show, of as many rows; hint from
  ///   `controlnetCondEmbedding`.
  /// - Returns: for every row of the sample.
  func callAsFunction(
    _ sample: Tensor, timestep: Double, _ side: Conditioning.Side, hint: Tensor
  ) throws(TorchError) -> ControlResiduals {
    let added = try encoder.embed(pooled: side.pooled, timeIDs: side.timeIDs)
    let (skips, middle) = try encoder(
      sample, temb: encoder.embed(timestep: timestep, added: added),
      context: AttentionContext(text: side.context.text), hint: hint)
    var residuals: [Tensor] = []
    for (conv, skip) in zip(controlnetDownBlocks, skips) { residuals.append(try conv(skip)) }
    return ControlResiduals(skips: residuals, middle: try controlnetMidBlock(middle))
  }
}

/// A picture at the size of its latents.
/// Source: diffusers `models/controlnets/controlnet.py`, ControlNetConditioningEmbedding.
final class ControlNetConditioningEmbedding {
  let convIn: Conv2d, blocks: [Conv2d], convOut: Conv2d
  private let formats: NumberFormats

  /// Halvings on the way from pixels to latents.
  private static let halvings = 3

  init(_ w: Weights, _ outC: Int) throws {
    var channels = try w["conv_in"].shape("weight", rank: 4)[0]
    convIn = try Conv2d(w["conv_in"], 3, channels, kernel: 3, padding: 1)
    var blocks: [Conv2d] = []
    for level in 0..<Self.halvings {
      let next = try w["blocks"][2 * level + 1].shape("weight", rank: 4)[0]
      blocks.append(try Conv2d(w["blocks"][2 * level], channels, channels, kernel: 3, padding: 1))
      blocks.append(try Conv2d(w["blocks"][2 * level + 1], channels, next, kernel: 3, stride: 2, padding: 1))
      channels = next
    }
    self.blocks = blocks
    convOut = try Conv2d(w["conv_out"], channels, outC, kernel: 3, padding: 1)
    formats = w.formats
  }

  /// - Parameter picture: 0 to 1, `[1, 3, 8H, 8W]`. - Returns: `[1, out, H, W]`.
  func callAsFunction(_ picture: Tensor) throws(TorchError) -> Tensor {
    var h = try silu(convIn(picture.to(formats.sums)))
    for block in blocks { h = try silu(block(h)) }
    return try convOut(h)
  }
}
