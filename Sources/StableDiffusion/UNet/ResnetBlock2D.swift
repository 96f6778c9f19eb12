import NN
import Torch

/// Residual block of the UNet and VAE: norm → SiLU → conv, twice, plus the time embedding.
/// Source: diffusers `models/resnet.py`, ResnetBlock2D, `time_embedding_norm="default"`.
final class ResnetBlock2D {
  let norm1: GroupNorm, conv1: Conv2d, timeEmbProj: Linear?
  let norm2: GroupNorm, conv2: Conv2d, convShortcut: Conv2d?

  /// - Parameters: temb the width of the time embedding, `nil` in the VAE; eps 1e-5 in the UNet, 1e-6 in the VAE.
  init(_ w: Weights, in inC: Int, out outC: Int, temb: Int?, eps: Double) throws {
    norm1 = try GroupNorm(w["norm1"], groups: Channels.normGroups, channels: inC, eps: eps)
    conv1 = try Conv2d(w["conv1"], inC, outC, kernel: 3, padding: 1)
    timeEmbProj = try temb.map { try Linear(w["time_emb_proj"], $0, outC) }
    norm2 = try GroupNorm(w["norm2"], groups: Channels.normGroups, channels: outC, eps: eps)
    conv2 = try Conv2d(w["conv2"], outC, outC, kernel: 3, padding: 1)
    convShortcut = inC == outC ? nil : try Conv2d(w["conv_shortcut"], inC, outC, kernel: 1)
  }

  /// - Parameters: x `[B, inC, H, W]`; temb `[B, temb]`, already through SiLU. - Returns: `[B, outC, H, W]`.
  func callAsFunction(_ x: Tensor, temb: Tensor? = nil) throws(TorchError) -> Tensor {
    var h = try conv1(silu(norm1(x)))  // [B, outC, H, W]
    if let temb, let timeEmbProj {
      h = try h + timeEmbProj(temb).reshape(-1, h.size(1), 1, 1)
    }
    h = try conv2(silu(norm2(h)))
    return try h + (convShortcut?(x) ?? x)
  }
}

/// Sizes that are the same in every SDXL network, whatever its width. Source: SDXL base's configuration files.
enum Channels {
  /// `norm_num_groups`.
  static let normGroups = 32
  /// Channels of one attention head in the UNet and the text encoders.
  static let head = 64
}
