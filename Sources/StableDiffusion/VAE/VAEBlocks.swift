import NN
import Torch

/// Attention of every pixel to every other, one head over all channels.
/// Source: diffusers `models/attention_processor.py`, Attention with `residual_connection=True`.
final class VAEAttention {
  let groupNorm: GroupNorm, toQ: Linear, toK: Linear, toV: Linear, toOut: Linear

  init(_ w: Weights, _ channels: Int) throws {
    groupNorm = try GroupNorm(w["group_norm"], groups: Channels.normGroups, channels: channels, eps: 1e-6)
    toQ = try Linear(w["to_q"], channels, channels)
    toK = try Linear(w["to_k"], channels, channels)
    toV = try Linear(w["to_v"], channels, channels)
    toOut = try Linear(w["to_out"][0], channels, channels)
  }

  /// - Parameter x: `[B, C, H, W]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    let (batch, channels, height, width) = (x.size(0), x.size(1), x.size(2), x.size(3))
    let flat = try groupNorm(x).to(toQ.dtype)
      .reshape(batch, channels, height * width).transpose(1, 2)  // [B, HW, C]
    func oneHead(_ projected: Tensor) throws(TorchError) -> Tensor {
      try projected.reshape(batch, 1, height * width, channels)  // [B, 1, HW, C]
    }
    let h = try scaledDotProductAttention(oneHead(toQ(flat)), oneHead(toK(flat)), oneHead(toV(flat)))
    let out = try toOut(h.reshape(batch, height * width, channels))  // [B, HW, C]
    return try x + out.transpose(1, 2).reshape(batch, channels, height, width)
  }
}

/// Residual block, attention, residual block.
/// Source: diffusers `models/unets/unet_2d_blocks.py`, UNetMidBlock2D.
final class VAEMidBlock {
  let resnets: [ResnetBlock2D], attention: VAEAttention

  init(_ w: Weights, _ channels: Int) throws {
    resnets = try (0..<2).map {
      try ResnetBlock2D(w["resnets"][$0], in: channels, out: channels, temb: nil, eps: 1e-6)
    }
    attention = try VAEAttention(w["attentions"][0], channels)
  }

  /// - Parameter x: `[B, C, H, W]`. - Returns: the same shape.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try resnets[1](attention(resnets[0](x)))
  }
}

/// Residual blocks at one size, then a halving (encoder) or a doubling (decoder) where there is one.
/// Source: diffusers `models/unets/unet_2d_blocks.py`, DownEncoderBlock2D and UpDecoderBlock2D.
final class VAEBlock {
  let resnets: [ResnetBlock2D]
  let downsampler: Downsample2D?, upsampler: Upsample2D?
  let outC: Int

  init(_ w: Weights, in inC: Int) throws {
    let outC = try w["resnets"][0]["conv1"].shape("weight", rank: 4)[0]
    resnets = try (0..<w.count("resnets")).map {
      try ResnetBlock2D(w["resnets"][$0], in: $0 == 0 ? inC : outC, out: outC, temb: nil, eps: 1e-6)
    }
    downsampler =
      w.has("downsamplers") ? try Downsample2D(w["downsamplers"][0], outC, padding: .rightAndBottom) : nil
    upsampler = w.has("upsamplers") ? try Upsample2D(w["upsamplers"][0], outC) : nil
    self.outC = outC
  }

  /// - Parameters: x `[B, inC, H, W]`; pause called before each part. - Returns: `[B, outC, H', W']`.
  func callAsFunction(_ x: Tensor, pause: () throws -> Void = {}) throws -> Tensor {
    var h = x
    for resnet in resnets {
      try pause()
      h = try resnet(h)
    }
    if let downsampler { h = try downsampler(h) }  // [B, outC, H/2, W/2]
    if let upsampler { h = try upsampler(h) }  // [B, outC, 2H, 2W]
    return h
  }
}
