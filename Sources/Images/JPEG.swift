import CImageCodecs

/// JPEG files.
public enum JPEG {
  private static let codec = Codec(format: .jpeg, size: cic_jpeg_size, decode: cic_jpeg_decode)

  /// Decodes baseline and progressive JPEG: grey, YCbCr, RGB, CMYK and YCCK, 8 bits.
  ///
  /// The EXIF orientation is not applied: the pixels come as they are stored, as in Pillow.
  /// - Throws: `ImageError`. Anything a decoder would mend (missing or extra data) is `damaged`.
  public static func decode(_ bytes: [UInt8], limits: ImageLimits = .default) throws(ImageError) -> RGBImage {
    try codec.decode(bytes, limits: limits)
  }
}
