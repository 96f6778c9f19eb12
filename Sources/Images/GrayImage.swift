/// A picture of one value a pixel: rows from top to bottom, no padding. Masks are such pictures.
public struct GrayImage: Sendable, Equatable {
  /// Pixels across, at least 1.
  public let width: Int
  /// Rows, at least 1.
  public let height: Int
  /// `width × height` bytes.
  public let pixels: [UInt8]

  /// - Returns: `nil` when a side is below 1 or `pixels` is not exactly `width × height` bytes.
  public init?(width: Int, height: Int, pixels: [UInt8]) {
    guard width > 0, height > 0 else { return nil }
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, pixels.count == area else { return nil }
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }
}

extension GrayImage {
  /// - Parameters:
  ///   - width: at least 1, as is `height`.
  ///   - value: of the pixel in a column and a row.
  init(width: Int, height: Int, value: (_ column: Int, _ row: Int) -> UInt8) {
    (self.width, self.height) = (width, height)
    pixels = [UInt8](unsafeUninitializedCapacity: width * height) { out, count in
      for row in 0..<height {
        for column in 0..<width { out[width * row + column] = value(column, row) }
      }
      count = width * height
    }
  }
}
