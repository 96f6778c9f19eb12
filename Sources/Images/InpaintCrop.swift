/// The part of a picture around a mask, repainted at a size of its own and put back.
/// Source: diffusers `image_processor.py`, VaeImageProcessor.get_crop_region and apply_overlay
/// (`padding_mask_crop`).
public struct InpaintCrop: Sendable, Equatable {
  /// The part, in the proportions of the work where the picture has room for them.
  public let region: PixelRectangle
  /// The work's size in pixels.
  public let width: Int
  public let height: Int
  private let whole: PixelRectangle

  /// - Parameters:
  ///   - mask: black outside the part.
  ///   - width: of the work, at least 1, as is `height`.
  ///   - padding: pixels around what the mask selects, at least 0.
  /// - Returns: `nil` when the mask is all black, or a number is too small.
  public init?(mask: GrayImage, width: Int, height: Int, padding: Int) {
    guard width > 0, height > 0, padding >= 0, let bounds = mask.bounds else { return nil }
    let margin = min(padding, max(mask.width, mask.height))
    var columns = max(bounds.x - margin, 0)..<min(bounds.x + bounds.width + margin, mask.width)
    var rows = max(bounds.y - margin, 0)..<min(bounds.y + bounds.height + margin, mask.height)
    let proportion = Double(width) / Double(height)
    if Double(columns.count) / Double(rows.count) > proportion {
      rows = Self.widened(rows, to: Double(columns.count) / proportion, within: mask.height)
    } else {
      columns = Self.widened(columns, to: Double(rows.count) * proportion, within: mask.width)
    }
    region = PixelRectangle(
      x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count)
    whole = PixelRectangle(x: 0, y: 0, width: mask.width, height: mask.height)
    (self.width, self.height) = (width, height)
  }

  /// The range made longer on both sides, and moved back inside where it would stick out.
  private static func widened(_ range: Range<Int>, to length: Double, within limit: Int) -> Range<Int> {
    let more = max(Int(length - Double(range.count)), 0)
    var (start, end) = (range.lowerBound - more / 2, range.upperBound + more - more / 2)
    if end > limit { (start, end) = (start - (end - limit), limit) }
    if start < 0 { (start, end) = (0, end - start) }
    return start..<min(end, limit)
  }

  /// The part of a picture or a mask at the work's size, drawn out where its proportions are others.
  /// - Returns: `nil` when the picture is not as large as the mask was.
  public func cut<Picture: PixelImage>(_ picture: Picture) -> Picture? {
    guard fits(picture) else { return nil }
    return picture.cropped(to: region)?.fitted(width: width, height: height, mode: .pad)
  }

  /// The original with the work in its place, over its whole part.
  /// - Returns: `nil` when the original is not as large as the mask was.
  public func pasted(_ work: RGBImage, onto original: RGBImage) -> RGBImage? {
    guard fits(original) else { return nil }
    let part = work.fitted(width: region.width, height: region.height, mode: .crop)
    return original.pasting(part, x: region.x, y: region.y)
  }

  /// The original with the work in its place as far as the mask is white, byte for byte as diffusers' `apply_overlay`.
  /// - Returns: `nil` when the original or the mask is not as large as the mask was.
  public func overlaid(_ work: RGBImage, onto original: RGBImage, mask: GrayImage) -> RGBImage? {
    guard fits(mask), let pasted = pasted(work, onto: original) else { return nil }
    return pasted.drawn(width: pasted.width, height: pasted.height) { out in
      for at in 0..<out.count {
        out[at] = overlay(original.pixels[at], over: pasted.pixels[at], opacity: 255 - mask.pixels[at / 3])
      }
    }
  }

  private func fits(_ picture: some PixelImage) -> Bool {
    picture.width == whole.width && picture.height == whole.height
  }

  /// Pillow's `paste` with a mask into premultiplied colours, their way back, and `alpha_composite`: three roundings.
  private func overlay(_ above: UInt8, over below: UInt8, opacity: UInt8) -> UInt8 {
    guard opacity > 0 else { return below }
    let alpha = Int(opacity)
    let premultiplied = Self.over255(Int(above) * alpha + 128)
    let color = min(255 * premultiplied / alpha, 255)
    let blended = (color * alpha + Int(below) * (255 - alpha)) << 7
    return UInt8(truncatingIfNeeded: Self.over255(blended + (128 << 7)) >> 7)
  }

  /// `value / 255` for the range Pillow needs, rounded as it does.
  private static func over255(_ value: Int) -> Int { ((value >> 8) + value) >> 8 }
}

extension GrayImage {
  /// The smallest part that holds every pixel that is not black; `nil` when all are.
  fileprivate var bounds: PixelRectangle? {
    let rows = (0..<height).filter { row in pixels[width * row..<width * (row + 1)].contains { $0 > 0 } }
    guard let top = rows.first, let bottom = rows.last else { return nil }
    let columns = (0..<width).filter { column in rows.contains { pixels[width * $0 + column] > 0 } }
    guard let left = columns.first, let right = columns.last else { return nil }
    return PixelRectangle(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
  }
}
