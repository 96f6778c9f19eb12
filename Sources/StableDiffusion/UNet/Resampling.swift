import NN
import Torch

/// Halves height and width by a strided convolution.
/// Source: diffusers `models/downsampling.py`, Downsample2D, `use_conv=True`.
final class Downsample2D {
  let conv: Conv2d
  private let side: Side

  /// Where the border of zeros goes.
  enum Side {
    /// One on every side: the UNet.
    case around
    /// One on the right and one at the bottom: the VAE's encoder.
    case rightAndBottom
  }

  init(_ w: Weights, _ channels: Int, padding side: Side) throws {
    conv = try Conv2d(w["conv"], channels, channels, kernel: 3, stride: 2, padding: side == .around ? 1 : 0)
    self.side = side
  }

  /// - Parameter x: `[B, C, H, W]`. - Returns: `[B, C, ⌈H/2⌉, ⌈W/2⌉]` around, `[B, C, ⌊H/2⌋, ⌊W/2⌋]` otherwise.
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    try conv(side == .around ? x : pad2d(x, right: 1, bottom: 1))
  }
}

/// Doubles height and width by nearest neighbours, then convolves.
/// Source: diffusers `models/upsampling.py`, Upsample2D, `use_conv=True`.
final class Upsample2D {
  let conv: Conv2d

  init(_ w: Weights, _ channels: Int) throws {
    conv = try Conv2d(w["conv"], channels, channels, kernel: 3, padding: 1)
  }

  /// - Parameters: x `[B, C, H, W]`; size the result's height and width, twice x's when `nil`.
  /// - Returns: `[B, C, size]`.
  func callAsFunction(_ x: Tensor, size: (height: Int, width: Int)? = nil) throws(TorchError) -> Tensor {
    let size = size ?? (2 * x.size(2), 2 * x.size(3))
    return try conv(upsampleNearest2d(x, height: size.height, width: size.width))  // [B, C, 2H, 2W]
  }
}
