/// A picture of bytes: rows from top to bottom, the channels of a pixel beside each other, no padding.
public protocol PixelImage: Sendable, Equatable {
  /// Bytes a pixel.
  static var channels: Int { get }
  /// Pixels across, at least 1.
  var width: Int { get }
  /// Rows, at least 1.
  var height: Int { get }
  /// `channels × width × height` bytes.
  var pixels: [UInt8] { get }

  /// - Returns: `nil` when a side is below 1 or `pixels` has another length.
  init?(width: Int, height: Int, pixels: [UInt8])
}

extension RGBImage: PixelImage {
  public static var channels: Int { 3 }
}

extension GrayImage: PixelImage {
  public static var channels: Int { 1 }
}

/// A part of a picture, in pixels from its top left corner.
public struct PixelRectangle: Sendable, Equatable {
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }
}

extension PixelImage {
  /// - Returns: `nil` when the rectangle is empty or not all inside the picture.
  public func cropped(to part: PixelRectangle) -> Self? {
    guard part.x >= 0, part.y >= 0, part.width > 0, part.height > 0, part.width <= width - part.x,
      part.height <= height - part.y
    else { return nil }
    let black = Self.black(width: part.width, height: part.height)
    return black?.pasting(self, x: -part.x, y: -part.y)
  }

  /// This picture with the other upon it; what would lie outside is cut off.
  /// - Parameters x, y: where the other's first pixel comes to lie, below 0 too.
  func pasting(_ other: Self, x: Int, y: Int) -> Self {
    let columns = max(x, 0)..<max(min(x + other.width, width), max(x, 0))
    let rows = max(y, 0)..<max(min(y + other.height, height), max(y, 0))
    return drawn(width: width, height: height) { out in
      pixels.withUnsafeBufferPointer { _ = out.update(fromContentsOf: $0) }
      other.pixels.withUnsafeBufferPointer { from in
        for row in rows {
          let line = Self.channels * ((row - y) * other.width + columns.lowerBound - x)
          let place = Self.channels * (row * width + columns.lowerBound)
          let count = Self.channels * columns.count
          _ = UnsafeMutableBufferPointer(rebasing: out[place..<place + count])
            .update(fromContentsOf: from[line..<line + count])
        }
      }
    }
  }

  static func black(width: Int, height: Int) -> Self? {
    Self(width: width, height: height, pixels: [UInt8](repeating: 0, count: channels * width * height))
  }

  /// A new picture of this kind.
  /// - Parameters:
  ///   - width: at least 1, as is `height`.
  ///   - draw: sets every byte of what it is given.
  func drawn(width: Int, height: Int, _ draw: (UnsafeMutableBufferPointer<UInt8>) -> Void) -> Self {
    let size = Self.channels * width * height
    let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      draw(UnsafeMutableBufferPointer(rebasing: buffer[..<size]))
      count = size
    }
    // The length fits, so the picture is there.
    return Self(width: width, height: height, pixels: pixels) ?? self
  }
}
