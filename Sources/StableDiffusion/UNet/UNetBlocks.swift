import NN
import Torch

/// The widths every block of a UNet shares.
struct UNetWidths {
  /// Channels of the time embedding.
  let temb: Int
  /// Channels of the text the cross-attentions look at.
  let context: Int
}

/// Residual blocks, each with its transformer where the level has them, then a halving.
/// Source: diffusers `models/unets/unet_2d_blocks.py`, CrossAttnDownBlock2D and DownBlock2D.
final class DownBlock2D {
  let resnets: [ResnetBlock2D], attentions: [Transformer2DModel]
  let downsampler: Downsample2D?
  let outC: Int

  init(_ w: Weights, in inC: Int, _ widths: UNetWidths) throws {
    let outC = try w["resnets"][0]["conv1"].shape("weight", rank: 4)[0]
    resnets = try (0..<w.count("resnets")).map {
      try ResnetBlock2D(w["resnets"][$0], in: $0 == 0 ? inC : outC, out: outC, temb: widths.temb, eps: 1e-5)
    }
    attentions =
      w.has("attentions")
      ? try resnets.indices.map { try Transformer2DModel(w["attentions"][$0], outC, context: widths.context) }
      : []
    downsampler =
      w.has("downsamplers") ? try Downsample2D(w["downsamplers"][0], outC, padding: .around) : nil
    self.outC = outC
  }

  /// - Parameter x: `[B, inC, H, W]`. - Returns: every stage's result, first to last.
  func callAsFunction(_ x: Tensor, temb: Tensor, context: AttentionContext) throws(TorchError) -> [Tensor] {
    var stages: [Tensor] = []
    var h = x
    for (index, resnet) in resnets.enumerated() {
      h = try resnet(h, temb: temb)  // [B, outC, H, W]
      if !attentions.isEmpty { h = try attentions[index](h, context: context) }
      stages.append(h)
    }
    if let downsampler { stages.append(try downsampler(h)) }  // [B, outC, ⌈H/2⌉, ⌈W/2⌉]
    return stages
  }
}

/// Residual block, transformer, residual block, at the smallest size. Small ControlNets have the first block alone.
/// Source: diffusers `models/unets/unet_2d_blocks.py`, UNetMidBlock2DCrossAttn; UNetMidBlock2D with `num_layers=0`.
final class UNetMidBlock2D {
  let resnet: ResnetBlock2D
  let rest: (attention: Transformer2DModel, resnet: ResnetBlock2D)?

  init(_ w: Weights, _ channels: Int, _ widths: UNetWidths) throws {
    func resnet(_ index: Int) throws -> ResnetBlock2D {
      try ResnetBlock2D(w["resnets"][index], in: channels, out: channels, temb: widths.temb, eps: 1e-5)
    }
    self.resnet = try resnet(0)
    rest =
      w.has("attentions")
      ? (try Transformer2DModel(w["attentions"][0], channels, context: widths.context), try resnet(1)) : nil
  }

  /// - Parameter x: `[B, C, H, W]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor, temb: Tensor, context: AttentionContext) throws(TorchError) -> Tensor {
    let h = try resnet(x, temb: temb)
    guard let rest else { return h }
    return try rest.resnet(rest.attention(h, context: context), temb: temb)
  }
}

/// Residual blocks that each take one of the way down's results beside their input, then a doubling.
/// Source: diffusers `models/unets/unet_2d_blocks.py`, CrossAttnUpBlock2D and UpBlock2D.
final class UpBlock2D {
  let resnets: [ResnetBlock2D], attentions: [Transformer2DModel]
  let upsampler: Upsample2D?
  let outC: Int

  /// - Parameter skips: channels of the results of the way down, the next one to take last.
  init(_ w: Weights, in inC: Int, skips: inout [Int], _ widths: UNetWidths) throws {
    let outC = try w["resnets"][0]["conv1"].shape("weight", rank: 4)[0]
    var resnets: [ResnetBlock2D] = []
    for index in 0..<w.count("resnets") {
      guard let skip = skips.popLast() else {
        throw w["resnets"][index]["conv1"].unsuitable(
          "weight", "more blocks on the way up than on the way down")
      }
      resnets.append(
        try ResnetBlock2D(
          w["resnets"][index], in: (index == 0 ? inC : outC) + skip, out: outC, temb: widths.temb, eps: 1e-5))
    }
    self.resnets = resnets
    attentions =
      w.has("attentions")
      ? try resnets.indices.map { try Transformer2DModel(w["attentions"][$0], outC, context: widths.context) }
      : []
    upsampler = w.has("upsamplers") ? try Upsample2D(w["upsamplers"][0], outC) : nil
    self.outC = outC
  }

  /// - Parameters: x `[B, inC, H, W]`; skips the results of the way down, the next one to take last; freeU this
  ///   level's weights.
  /// - Returns: `[B, outC, H', W']`, as large as the next result of the way down.
  func callAsFunction(
    _ x: Tensor, skips: inout [Tensor], temb: Tensor, context: AttentionContext, _ freeU: FreeU.Level? = nil
  ) throws(TorchError) -> Tensor {
    var h = x
    for (index, resnet) in resnets.enumerated() {
      let skip = skips.removeLast()
      h = try resnet(cat(freeU?(h, skip) ?? [h, skip], dim: 1), temb: temb)  // [B, outC, H, W]
      if !attentions.isEmpty { h = try attentions[index](h, context: context) }
    }
    guard let upsampler else { return h }
    // Odd sizes were rounded up on the way down: the way up goes to the size of what it meets next.
    return try upsampler(h, size: skips.last.map { ($0.size(2), $0.size(3)) })
  }
}
