/// A picture as plain bytes: rows from top to bottom, three bytes (red, green, blue) a pixel, no padding.
public struct RGBImage: Sendable, Equatable {
  /// Pixels across, at least 1.
  public let width: Int
  /// Rows, at least 1.
  public let height: Int
  /// `3 × width × height` bytes.
  public let pixels: [UInt8]

  /// - Returns: `nil` when a side is below 1 or `pixels` is not exactly `3 × width × height` bytes.
  public init?(width: Int, height: Int, pixels: [UInt8]) {
    guard width > 0, height > 0 else { return nil }
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, area <= Int.max / 3, pixels.count == 3 * area else { return nil }
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }
}
