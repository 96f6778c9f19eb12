extension GrayImage {
  /// The brightness of a picture, byte for byte Pillow's `convert("L")`: ITU-R 601-2 luma in 16-bit fixed point.
  public init(_ image: RGBImage) {
    (width, height) = (image.width, image.height)
    pixels = [UInt8](unsafeUninitializedCapacity: image.width * image.height) { out, count in
      image.pixels.withUnsafeBufferPointer { rgb in
        count = rgb.count / 3
        for pixel in 0..<count {
          let (red, green) = (UInt32(rgb[3 * pixel]), UInt32(rgb[3 * pixel + 1]))
          let blue = UInt32(rgb[3 * pixel + 2])
          out[pixel] = UInt8(truncatingIfNeeded: (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16)
        }
      }
    }
  }

  /// White where the picture is at least as bright as `level`, black elsewhere.
  /// - Parameter level: 128 is diffusers' border: half of 1, rounded up.
  public func thresholded(at level: UInt8 = 128) -> GrayImage {
    drawn(width: width, height: height) { out in
      for (at, pixel) in pixels.enumerated() { out[at] = pixel >= level ? 255 : 0 }
    }
  }
}

extension RGBImage {
  /// The grey in all three channels.
  public init(_ image: GrayImage) {
    (width, height) = (image.width, image.height)
    pixels = [UInt8](unsafeUninitializedCapacity: 3 * image.width * image.height) { out, count in
      for (at, pixel) in image.pixels.enumerated() {
        (out[3 * at], out[3 * at + 1], out[3 * at + 2]) = (pixel, pixel, pixel)
      }
      count = 3 * image.pixels.count
    }
  }
}
