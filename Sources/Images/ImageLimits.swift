/// The largest picture that is decoded, checked against the header before memory is taken for the pixels.
public struct ImageLimits: Sendable, Equatable {
  /// Pixels in all.
  public var maxPixels: Int
  /// Pixels across, and rows.
  public var maxSide: Int

  public init(maxPixels: Int = 16 * 1024 * 1024, maxSide: Int = 8192) {
    (self.maxPixels, self.maxSide) = (maxPixels, maxSide)
  }

  public static let `default` = ImageLimits()

  func allow(width: Int, height: Int) -> Bool {
    guard width <= maxSide, height <= maxSide else { return false }
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    return !overflow && area <= maxPixels
  }
}
