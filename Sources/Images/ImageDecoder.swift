import CImageCodecs

/// What a picture's first bytes and header say.
public struct ImageHeader: Sendable, Equatable {
  public let format: ImageFormat
  /// As stored: pixels across, and rows.
  public let width: Int
  public let height: Int
}

/// Reads a picture of any known format.
public enum ImageDecoder {
  /// Looks at the header alone; takes no memory for pixels.
  /// - Throws: `ImageError`: no known format, over the limits, animated, unsupported, or a damaged header.
  public static func header(
    of bytes: [UInt8], limits: ImageLimits = .default
  ) throws(ImageError) -> ImageHeader {
    guard let format = ImageFormat.sniff(bytes) else { throw .unknownFormat }
    let size = try codec(of: format).header(of: bytes, limits: limits)
    return ImageHeader(format: format, width: Int(size.width), height: Int(size.height))
  }

  /// Decodes PNG, JPEG or WebP, told apart by their first bytes.
  ///
  /// Transparency is dropped and colour profiles are ignored, as Pillow's `convert("RGB")` does.
  /// - Parameter upright: turns the picture as its EXIF orientation asks, as diffusers' `load_image` does; else
  ///   the pixels come as they are stored.
  /// - Throws: `ImageError`: no known format, over the limits, animated, unsupported, damaged or cut short.
  public static func decode(
    _ bytes: [UInt8], limits: ImageLimits = .default, upright: Bool = false
  ) throws(ImageError) -> RGBImage {
    guard let format = ImageFormat.sniff(bytes) else { throw .unknownFormat }
    let image = try codec(of: format).decode(bytes, limits: limits)
    return upright ? image.turned(EXIFOrientation.read(bytes, format: format)) : image
  }

  private static func codec(of format: ImageFormat) -> Codec {
    switch format {
    case .png: PNG.codec
    case .jpeg: JPEG.codec
    case .webp: WebP.codec
    }
  }
}

/// The two C functions that read one format.
struct Codec: Sendable {
  let format: ImageFormat
  let size: @Sendable (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<cic_size>?) -> cic_status
  let decode: @Sendable (UnsafePointer<UInt8>?, Int, cic_size, UnsafeMutablePointer<UInt8>?) -> cic_status

  /// The size the header claims; an error when it is over the limits.
  func header(of bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> cic_size {
    guard ImageFormat.sniff(bytes) == format else { throw .damaged(format) }
    var header = cic_size()
    try check(bytes.withUnsafeBufferPointer { size($0.baseAddress, $0.count, &header) })
    let (width, height) = (Int(header.width), Int(header.height))
    guard limits.allow(width: width, height: height) else {
      throw .tooLarge(width: width, height: height, limits: limits)
    }
    return header
  }

  /// Reads the header, then decodes into memory of exactly the size it claims.
  func decode(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> RGBImage {
    let header = try header(of: bytes, limits: limits)
    let (width, height) = (Int(header.width), Int(header.height))
    var status = CIC_OK
    let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { buffer, count in
      status = bytes.withUnsafeBufferPointer { decode($0.baseAddress, $0.count, header, buffer.baseAddress) }
      count = status == CIC_OK ? 3 * width * height : 0
    }
    try check(status)
    guard let image = RGBImage(width: width, height: height, pixels: pixels) else { throw .damaged(format) }
    return image
  }

  func check(_ status: cic_status) throws(ImageError) {
    switch status {
    case CIC_OK: return
    case CIC_NO_MEMORY: throw .outOfMemory
    case CIC_ANIMATED: throw .animated(format)
    case CIC_UNSUPPORTED: throw .unsupported(format)
    default: throw .damaged(format)
    }
  }
}
