import CImageCodecs

/// JPEG files.
public enum JPEG {
  static let codec = Codec(format: .jpeg, size: cic_jpeg_size, decode: cic_jpeg_decode)

  /// Decodes baseline and progressive JPEG: grey, YCbCr, RGB, CMYK and YCCK, 8 bits.
  ///
  /// The EXIF orientation is not applied: the pixels come as they are stored, as in Pillow; see `ImageDecoder`.
  /// - Throws: `ImageError`. Anything a decoder would mend (missing or extra data) is `damaged`.
  public static func decode(_ bytes: [UInt8], limits: ImageLimits = .default) throws(ImageError) -> RGBImage {
    try codec.decode(bytes, limits: limits)
  }

  /// Writes a baseline JPEG whose colours have half the resolution.
  /// - Parameter quality: 1 to 100, beyond which it is cut.
  /// - Throws: `ImageError.unsupported` for a side over 65,500 pixels; `outOfMemory`.
  public static func encode(_ image: RGBImage, quality: Int = 75) throws(ImageError) -> [UInt8] {
    guard let width = UInt32(exactly: image.width), let height = UInt32(exactly: image.height) else {
      throw .unsupported(.jpeg)
    }
    var out: UnsafeMutablePointer<UInt8>?
    var length = 0
    let status = image.pixels.withUnsafeBufferPointer {
      let size = cic_size(width: width, height: height)
      return cic_jpeg_encode($0.baseAddress, size, Int32(min(max(quality, 1), 100)), &out, &length)
    }
    try codec.check(status)
    defer { cic_free(out) }
    return Array(UnsafeBufferPointer(start: out, count: length))
  }
}
