import CImageCodecs

/// PNG files (ISO/IEC 15948).
public enum PNG {
  static let codec = Codec(format: .png, size: cic_png_size, decode: cic_png_decode)

  /// Writes an 8-bit RGB PNG, with `text` ahead of the pixels in the order given.
  ///
  /// The same picture and text give the same bytes.
  /// - Throws: `ImageError.invalidText` for a text with a NUL, or a keyword that is not 1 to 79 printable
  ///   Latin-1 characters without outer or doubled spaces (section 11.3.3.2); `outOfMemory`.
  public static func encode(_ image: RGBImage, text: [PNGText] = []) throws(ImageError) -> [UInt8] {
    try withEncoded(image, text: text) { Array($0) }
  }

  /// Writes a PNG as `encode` does, and lends its bytes for as long as `body` runs: a picture has megabytes.
  /// - Throws: as `encode`.
  public static func withEncoded<Value>(
    _ image: RGBImage, text: [PNGText] = [], _ body: (UnsafeBufferPointer<UInt8>) -> Value
  ) throws(ImageError) -> Value {
    var chunks: [(name: (UInt8, UInt8, UInt8, UInt8), range: Range<Int>)] = []
    var data: [UInt8] = []
    for entry in text {
      let start = data.count
      let name = try entry.append(to: &data)
      chunks.append((name, start..<data.count))
    }
    // A side that does not fit would need more pixels than memory can hold.
    guard let width = UInt32(exactly: image.width), let height = UInt32(exactly: image.height) else {
      throw .outOfMemory
    }
    let size = cic_size(width: width, height: height)
    var out: UnsafeMutablePointer<UInt8>?
    var length = 0
    let status = data.withUnsafeBufferPointer { data in
      let list = chunks.map { chunk in
        cic_png_chunk(
          name: chunk.name, data: data.baseAddress.map { $0 + chunk.range.lowerBound },
          length: chunk.range.count)
      }
      return image.pixels.withUnsafeBufferPointer { pixels in
        list.withUnsafeBufferPointer { list in
          cic_png_encode(pixels.baseAddress, size, list.baseAddress, list.count, &out, &length)
        }
      }
    }
    try codec.check(status)
    defer { cic_free(out) }
    return body(UnsafeBufferPointer(start: out, count: length))
  }

  /// Decodes every colour type and depth, interlaced or not; the high 8 of 16 bits are kept, transparency is
  /// dropped, and an animated PNG gives its default picture.
  /// - Throws: `ImageError`.
  public static func decode(_ bytes: [UInt8], limits: ImageLimits = .default) throws(ImageError) -> RGBImage {
    try codec.decode(bytes, limits: limits)
  }

  /// The text chunks (tEXt, zTXt, iTXt) in the file's order.
  /// - Throws: `ImageError`: `tooLarge`, or `damaged`, also when a text is over 1 MiB, there are over 64, or
  ///   one is not UTF-8 where it must be.
  public static func text(
    in bytes: [UInt8], limits: ImageLimits = .default
  ) throws(ImageError) -> [PNGText] {
    let size = try codec.header(of: bytes, limits: limits)
    var found: [PNGText?] = []
    let status = bytes.withUnsafeBufferPointer { bytes in
      withUnsafeMutablePointer(to: &found) { found in
        cic_png_text(bytes.baseAddress, bytes.count, size, found) { context, keyword, text, length, isUTF8 in
          context?.assumingMemoryBound(to: [PNGText?].self).pointee.append(
            PNGText(keyword: keyword, text: text, length: length, isUTF8: isUTF8 != 0))
        }
      }
    }
    try codec.check(status)
    let texts = found.compactMap { $0 }
    guard texts.count == found.count else { throw .damaged(.png) }
    return texts
  }
}
