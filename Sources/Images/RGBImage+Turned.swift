extension RGBImage {
  /// The picture as it is meant to be seen, as Pillow's `ImageOps.exif_transpose` turns it.
  /// - Parameter orientation: of the pixels as they are now.
  func turned(_ orientation: EXIFOrientation) -> RGBImage {
    guard orientation != .upright else { return self }
    // Where the first pixel comes from, and how far it is to the one on its right and to the one below.
    let (right, down, last) = (1, width, (height - 1) * width)
    let (start, across, along): (Int, Int, Int) =
      switch orientation {
      case .upright: (0, right, down)
      case .mirrored: (width - 1, -right, down)
      case .upsideDown: (last + width - 1, -right, -down)
      case .flipped: (last, right, -down)
      case .transposed: (0, down, right)
      case .turnedLeft: (last, -down, right)
      case .transverse: (last + width - 1, -down, -right)
      case .turnedRight: (width - 1, down, -right)
      }
    let (columns, rows) = orientation.swapsSides ? (height, width) : (width, height)
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { out, count in
      pixels.withUnsafeBufferPointer { pixels in
        var next = 0
        for row in 0..<rows {
          var from = 3 * (start + row * along)
          for _ in 0..<columns {
            (out[next], out[next + 1], out[next + 2]) = (pixels[from], pixels[from + 1], pixels[from + 2])
            next += 3
            from += 3 * across
          }
        }
        count = next
      }
    }
    return RGBImage(width: columns, height: rows, pixels: turned) ?? self
  }
}
