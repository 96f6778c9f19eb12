/// How a stored picture is to be turned before it is looked at (EXIF 2.32, tag 0x0112 of the first directory).
///
/// Read where Pillow's `ImageOps.exif_transpose` reads it: the first `Exif` segment of a JPEG, the `eXIf` chunk of
/// a PNG, the `EXIF` chunk of a WebP. An orientation that only XMP tells is not looked at.
public enum EXIFOrientation: Int, Sendable, CaseIterable {
  /// As stored.
  case upright = 1
  /// Left and right are swapped.
  case mirrored
  case upsideDown
  /// Top and bottom are swapped.
  case flipped
  /// Rows are columns.
  case transposed
  /// To be turned a quarter clockwise.
  case turnedLeft
  /// Rows are columns, both from their ends.
  case transverse
  /// To be turned a quarter anticlockwise.
  case turnedRight

  /// Whether the width of what is stored is the height of what is seen.
  public var swapsSides: Bool { rawValue >= Self.transposed.rawValue }

  /// What the file says; `upright` when it says nothing, or nothing that can be followed.
  public static func read(_ bytes: [UInt8], format: ImageFormat) -> EXIFOrientation {
    let block: Range<Int>? =
      switch format {
      case .jpeg: EXIFBlock.inJPEG(bytes)
      case .png: EXIFBlock.inPNG(bytes)
      case .webp: EXIFBlock.inWebP(bytes)
      }
    return block.flatMap { TIFFDirectory(bytes, $0) }?.orientation ?? .upright
  }
}

/// Where the EXIF data lies in a file. Every step is checked against the file's end and goes forward.
private enum EXIFBlock {
  private static let mark = Array("Exif\0\0".utf8)

  static func inJPEG(_ bytes: [UInt8]) -> Range<Int>? {
    var at = 2
    while at + 4 <= bytes.count, bytes[at] == 0xFF {
      let marker = bytes[at + 1]
      if marker == 0xFF {  // fill
        at += 1
        continue
      }
      // The pixels begin, or the file ends.
      if marker == 0xDA || marker == 0xD9 { return nil }
      let end = at + 2 + Int(bytes[at + 2]) << 8 + Int(bytes[at + 3])
      guard end >= at + 4, end <= bytes.count else { return nil }
      if marker == 0xE1, bytes[(at + 4)..<end].starts(with: mark) { return at + 4 + mark.count..<end }
      at = end
    }
    return nil
  }

  static func inPNG(_ bytes: [UInt8]) -> Range<Int>? {
    var at = 8
    while let length = bigEndian32(bytes, at), at + 12 + length <= bytes.count {
      if bytes[at + 4..<at + 8].elementsEqual("eXIf".utf8) { return at + 8..<at + 8 + length }
      at += 12 + length
    }
    return nil
  }

  static func inWebP(_ bytes: [UInt8]) -> Range<Int>? {
    var at = 12
    while at + 8 <= bytes.count {
      let length = (0..<4).reduce(0) { $0 | Int(bytes[at + 4 + $1]) << (8 * $1) }
      guard at + 8 + length <= bytes.count else { return nil }
      let data = at + 8..<at + 8 + length
      if bytes[at..<at + 4].elementsEqual("EXIF".utf8) {
        // Some writers put JPEG's mark before it.
        return bytes[data].starts(with: mark) ? data.dropFirst(mark.count) : data
      }
      at += 8 + length + length % 2
    }
    return nil
  }

  private static func bigEndian32(_ bytes: [UInt8], _ at: Int) -> Int? {
    guard at + 4 <= bytes.count else { return nil }
    return bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
  }
}

/// The first directory of a TIFF file (TIFF 6.0, section 2).
private struct TIFFDirectory {
  private let bytes: ArraySlice<UInt8>
  private let isLittleEndian: Bool

  /// - Returns: `nil` without TIFF's first four bytes.
  init?(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes[range]
    if self.bytes.starts(with: [0x49, 0x49, 42, 0]) {
      isLittleEndian = true
    } else if self.bytes.starts(with: [0x4D, 0x4D, 0, 42]) {
      isLittleEndian = false
    } else {
      return nil
    }
  }

  /// Of entries that come twice, the first counts, as in Pillow; those beyond the end do not.
  var orientation: EXIFOrientation? {
    guard let start = number(at: 4, bytes: 4), let count = number(at: start, bytes: 2) else { return nil }
    for entry in 0..<count {
      let at = start + 2 + 12 * entry
      guard let tag = number(at: at, bytes: 2), let type = number(at: at + 2, bytes: 2),
        let values = number(at: at + 4, bytes: 4), number(at: at + 8, bytes: 4) != nil
      else { break }
      // As many values as fit into the entry; Pillow takes the first of several.
      guard tag == 0x0112, let size = Self.sizes[type], (1...4 / size).contains(values) else { continue }
      return number(at: at + 8, bytes: size).flatMap(EXIFOrientation.init(rawValue:))
    }
    return nil
  }

  /// Bytes of a SHORT and a LONG.
  private static let sizes = [3: 2, 4: 4]

  /// - Parameter offset: from the TIFF file's first byte.
  private func number(at offset: Int, bytes count: Int) -> Int? {
    guard offset >= 0, offset + count <= bytes.count else { return nil }
    let at = bytes.startIndex + offset
    let digits = bytes[at..<at + count]
    return isLittleEndian
      ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
  }
}
