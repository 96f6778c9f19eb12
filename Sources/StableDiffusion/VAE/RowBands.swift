import NN
import Torch

/// Computes the VAE's large feature maps a band of rows at a time.
///
/// Only what a layer takes and gives stands in memory whole; what is between is as large as a band. Norms are over
/// the whole map, and each band's convolution sees the rows beyond its border, so there are no seams: a band is
/// what the whole would have been, but for rounding.
struct RowBands {
  /// Rows of a band.
  let rows: Int
  let pause: () throws -> Void

  init(rows: Int = 128, pause: @escaping () throws -> Void = {}) { (self.rows, self.pause) = (rows, pause) }

  /// The residual block `block`, which has no time embedding.
  func callAsFunction(_ block: ResnetBlock2D, _ x: Tensor) throws -> Tensor {
    let h = try normalised(x, block.norm1, block.conv1)  // [B, outC, H, W]
    return try normalised(h, block.norm2, block.conv2) { rows in
      let skipped = try x.narrow(2, from: rows.lowerBound, length: rows.count)
      return try block.convShortcut?(skipped) ?? skipped
    }
  }

  /// `conv(silu(norm(x)))`, plus what `residual` gives for those rows.
  /// - Parameter x: `[B, C, H, W]`. - Returns: `[B, outC, H, W]`.
  func normalised(
    _ x: Tensor, _ norm: GroupNorm, _ conv: Conv2d, residual: (Range<Int>) throws -> Tensor? = { _ in nil }
  ) throws -> Tensor {
    let (scale, shift) = try norm.affine(x)  // [B, C, 1, 1]
    return try banded(x.size(2), like: x) { rows in
      let padded = try rowsAround(rows, of: x.size(2)) { above in
        let band = try x.narrow(2, from: above.lowerBound, length: above.count).to(.float32)
        return try silu(band * scale + shift).to(formatOf: x)
      }
      let h = try conv.unpadded(padded)  // [B, outC, rows, W]
      guard let residual = try residual(rows) else { return h }
      return try h + residual
    }
  }

  /// The doubling `upsampler`. - Parameter x: `[B, C, H, W]`. - Returns: `[B, C, 2H, 2W]`.
  func callAsFunction(_ upsampler: Upsample2D, _ x: Tensor) throws -> Tensor {
    try banded(2 * x.size(2), like: x) { rows in
      let padded = try rowsAround(rows, of: 2 * x.size(2)) { above in
        // The rows of x that these come from; the first of them may be the second of its pair.
        let sources = above.lowerBound / 2..<(above.upperBound + 1) / 2
        let band = try x.narrow(2, from: sources.lowerBound, length: sources.count)
        let doubled = try upsampleNearest2d(band, height: 2 * sources.count, width: 2 * x.size(3))
        return try doubled.narrow(2, from: above.lowerBound % 2, length: above.count)
      }
      return try upsampler.conv.unpadded(padded)
    }
  }

  /// The halving `downsampler`, which has its border on the right and at the bottom.
  /// - Parameter x: `[B, C, H, W]`. - Returns: `[B, C, ⌊H/2⌋, ⌊W/2⌋]`.
  func callAsFunction(_ downsampler: Downsample2D, _ x: Tensor) throws -> Tensor {
    try banded(x.size(2) / 2, like: x) { rows in
      let sources = 2 * rows.lowerBound..<min(2 * rows.upperBound + 1, x.size(2))
      let band = try x.narrow(2, from: sources.lowerBound, length: sources.count)
      return try downsampler.conv.unpadded(
        pad2d(band, right: 1, bottom: 2 * rows.upperBound + 1 - sources.upperBound))
    }
  }

  /// A convolution by a kernel of 3.
  /// - Parameter x: `[B, C, H, W]`. - Returns: `[B, outC, H, W]`.
  func callAsFunction(_ conv: Conv2d, _ x: Tensor) throws -> Tensor {
    try banded(x.size(2), like: x) { rows in
      let padded = try rowsAround(rows, of: x.size(2)) { around in
        try x.narrow(2, from: around.lowerBound, length: around.count)
      }
      return try conv.unpadded(padded)
    }
  }

  /// `[B, outC, height, W]` from its bands.
  private func banded(_ height: Int, like x: Tensor, _ band: (Range<Int>) throws -> Tensor) throws -> Tensor {
    var whole: Tensor?
    for begin in stride(from: 0, to: height, by: rows) {
      try pause()
      let range = begin..<min(begin + rows, height)
      let part = try band(range)
      let target =
        try whole
        ?? Tensor.empty(
          [part.size(0), part.size(1), height, part.size(3)], x.dtype ?? .float32, on: x.device)
      try target.narrow(2, from: begin, length: range.count).fill(from: part)
      whole = target
    }
    return whole ?? x
  }

  /// What `values` gives for `rows` and one more on each side, with zeros around the picture.
  private func rowsAround(
    _ rows: Range<Int>, of height: Int, _ values: (Range<Int>) throws -> Tensor
  ) throws -> Tensor {
    let around = max(rows.lowerBound - 1, 0)..<min(rows.upperBound + 1, height)
    return try pad2d(
      values(around), left: 1, right: 1, top: rows.lowerBound == 0 ? 1 : 0,
      bottom: rows.upperBound == height ? 1 : 0)
  }
}
