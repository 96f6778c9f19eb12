public import Images
public import Torch

/// What latents look like, without decoding them: each position a pixel, its colour a linear map of the channels.
///
/// The map is fitted by least squares to what the decoder itself makes of smooth latents, so it suits every decoder.
/// It uses numbers of its own, none of the generators that pictures are drawn from.
struct LatentPreview {
  /// Of red, green and blue in 0 to 255: a weight for each channel, then a constant.
  private let weights: [[Double]]

  /// Positions a side of the latents it is fitted to.
  private static let side = 16
  /// Positions between two of their random values.
  private static let stride = 4
  /// Their values, about as large as those of pictures.
  private static let range = -2.0...2.0

  /// - Returns: `nil` where the decoder's answer is not finite, or tells nothing.
  init?(of vae: AutoencoderKL, on device: Device) throws {
    let (side, scale, channels) = (Self.side, AutoencoderKL.scale, vae.latentC)
    let values = (0..<channels).flatMap { Self.smooth(channel: $0) }
    let latents = try Tensor(values, [1, channels, side, side]).to(device)
    let decoded = try vae.decode(latents)
    guard try decoded.allFinite() else { return nil }
    let levels = try ((decoded * 0.5 + 0.5).clamp(0...1) * 255.0).values(Float.self)

    let rows = (0..<side * side).map { place in
      (0..<channels).map { Double(values[$0 * side * side + place]) } + [1]
    }
    var weights: [[Double]] = []
    for colour in 0..<3 {
      let targets = (0..<side * side).map { place in
        // The mean of the pixels of that position.
        var sum = 0.0
        for y in 0..<scale {
          let row = (colour * side + place / side) * scale + y
          let start = row * side * scale + place % side * scale
          for x in 0..<scale { sum += Double(levels[start + x]) }
        }
        return sum / Double(scale * scale)
      }
      guard let fitted = Self.leastSquares(rows, targets) else { return nil }
      weights.append(fitted)
    }
    self.weights = weights
  }

  /// - Parameter latents: `[1, C, H, W]`.
  /// - Returns: `nil` for latents that are not finite.
  func image(_ latents: Tensor) throws -> RGBImage? {
    let (channels, height, width) = (latents.size(1), latents.size(2), latents.size(3))
    guard try latents.allFinite() else { return nil }
    let values = try latents.values(Float.self)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * height)
    for place in 0..<width * height {
      for weights in weights {
        var level = weights[channels]
        for channel in 0..<channels {
          level += weights[channel] * Double(values[channel * width * height + place])
        }
        pixels.append(UInt8(min(max(level.rounded(), 0), 255)))
      }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// Random values on a coarse grid, and what lies between them in straight lines.
  private static func smooth(channel: Int) -> [Float] {
    // Multiplier and increment: Knuth's MMIX.
    var state = UInt64(channel + 1) &* 0x9E37_79B9_7F4A_7C15
    let points = side / stride + 1
    let grid = (0..<points * points).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return range.lowerBound + Double(state >> 11) * 0x1p-53 * (range.upperBound - range.lowerBound)
    }
    return (0..<side * side).map { place in
      let (y, x) = (place / side, place % side)
      let (top, left) = (y / stride * points + x / stride, (y / stride + 1) * points + x / stride)
      let (down, right) = (Double(y % stride) / Double(stride), Double(x % stride) / Double(stride))
      let above = grid[top] + right * (grid[top + 1] - grid[top])
      let below = grid[left] + right * (grid[left + 1] - grid[left])
      return Float(above + down * (below - above))
    }
  }

  /// The x for which `rows · x` is nearest `targets`, by the normal equations and elimination with pivots.
  /// - Returns: `nil` where the rows do not determine it.
  static func leastSquares(_ rows: [[Double]], _ targets: [Double]) -> [Double]? {
    let count = rows.first?.count ?? 0
    // The equations, each with its right side last.
    var system = (0..<count).map { i in
      (0..<count).map { j in rows.reduce(0) { $0 + $1[i] * $1[j] } }
        + [zip(rows, targets).reduce(0) { $0 + $1.0[i] * $1.1 }]
    }
    for column in 0..<count {
      let pivot = (column..<count).max { abs(system[$0][column]) < abs(system[$1][column]) } ?? column
      guard abs(system[pivot][column]) > 1e-9 else { return nil }
      system.swapAt(column, pivot)
      for row in 0..<count where row != column {
        let factor = system[row][column] / system[column][column]
        for place in column...count { system[row][place] -= factor * system[column][place] }
      }
    }
    return (0..<count).map { system[$0][count] / system[$0][$0] }
  }
}

extension AutoencoderKL {
  fileprivate func preview(_ latents: Tensor, on device: Device) throws -> RGBImage? {
    if previewMap == nil { previewMap = .some(try LatentPreview(of: self, on: device)) }
    return try previewMap??.image(latents)
  }
}

extension StableDiffusionXL {
  /// Roughly what a picture of `latents` looks like, an eighth of its size each way; costs next to nothing, once the
  /// decoder has been looked at.
  /// - Parameters: latents `[1, C, H, W]`; decoder in place of the checkpoint's own.
  /// - Returns: `nil` where nothing can be said.
  public func preview(_ latents: Tensor, with decoder: ExternalVAE? = nil) throws -> RGBImage? {
    try (decoder?.autoencoder ?? networks.vae).preview(latents, on: options.device)
  }
}
