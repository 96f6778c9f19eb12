extension GrayImage {
  /// Blurred nearly as by a Gaussian, byte for byte as Pillow's `ImageFilter.GaussianBlur`: three boxes along rows,
  /// then three along columns, with borders drawn out.
  /// Source: Pillow `libImaging/BoxBlur.c`; Gwosdek et al. 2011, "Theoretical Foundations of Gaussian Convolution
  /// by Extended Box Filtering".
  /// - Parameter radius: the Gaussian's standard deviation in pixels, 0 (or less, or no number: the picture as it
  ///   is) to 1000, at which it is cut.
  public func gaussianBlurred(radius: Double) -> GrayImage {
    guard radius > 0, let box = ExtendedBox(standardDeviation: Float(min(radius, 1000))) else { return self }
    return drawn(width: width, height: height) { out in
      pixels.withUnsafeBufferPointer { _ = out.update(fromContentsOf: $0) }
      for row in 0..<height { box.blur(out, from: row * width, count: width, step: 1) }
      for column in 0..<width { box.blur(out, from: column, count: height, step: width) }
    }
  }
}

/// A box whose outermost pixels count in part, in whole numbers of 2⁻²⁴.
private struct ExtendedBox {
  static let passes = 3

  /// Pixels on each side of the middle that count in full.
  let radius: Int
  let weight: UInt32
  /// Of the pixel beyond `radius` on either side.
  let farWeight: UInt32

  /// - Returns: `nil` for a box of no width.
  init?(standardDeviation: Float) {
    // In single precision, as Pillow computes it: one bit more would be another weight.
    let variance = standardDeviation * standardDeviation / Float(Self.passes)
    let length = Float((12 * Double(variance) + 1).squareRoot())
    let whole = Float(((Double(length) - 1) / 2).rounded(.down))
    var part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance)
    part /= 6 * (variance - (whole + 1) * (whole + 1))
    guard whole + part != 0 else { return nil }
    radius = Int(whole + part)
    weight = UInt32(Float(1 << 24) / ((whole + part) * 2 + 1))
    farWeight = ((1 << 24) - UInt32(radius * 2 + 1) * weight) / 2
  }

  /// Blurs one row or column in place.
  func blur(_ pixels: UnsafeMutableBufferPointer<UInt8>, from start: Int, count: Int, step: Int) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count + 2 * radius + 2) { line in
      for _ in 0..<Self.passes {
        // The line with its ends drawn out by the box's reach.
        for at in 0..<line.count {
          line[at] = UInt32(pixels[start + step * min(max(at - radius - 1, 0), count - 1)])
        }
        var sum = line[1..<2 * radius + 2].reduce(0, +)
        for at in 0..<count {
          let far = line[at] + line[at + 2 * radius + 2]
          pixels[start + step * at] = UInt8(
            truncatingIfNeeded: (sum * weight + far * farWeight + (1 << 23)) >> 24)
          if at + 1 < count { sum = sum + line[at + 2 * radius + 2] - line[at + 1] }
        }
      }
    }
  }
}
