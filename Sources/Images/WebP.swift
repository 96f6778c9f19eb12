import CImageCodecs

/// WebP files.
public enum WebP {
  static let codec = Codec(format: .webp, size: cic_webp_size, decode: cic_webp_decode)

  /// Decodes a still WebP, lossy or lossless; transparency is dropped.
  /// - Throws: `ImageError`: `animated` for an animation, even one of a single frame.
  public static func decode(_ bytes: [UInt8], limits: ImageLimits = .default) throws(ImageError) -> RGBImage {
    try codec.decode(bytes, limits: limits)
  }
}
