/// Puts the original's pixels back around what was repainted.
///
/// Outside the mask every byte is the original's. Inside, the result fades in over the feather's width, so that
/// no border shows: opacity = M · max(0, 2·G(M) − 1), M the mask and G its Gaussian blur. Without a feather every
/// pixel inside is the result's.
public struct Composite: Sendable, Equatable {
  /// How much of the result is seen.
  public let opacity: GrayImage

  /// - Parameters:
  ///   - mask: repainted where it is 128 or brighter; for another border, `thresholded` first.
  ///   - feather: the blur's radius in pixels, 0 to 1000.
  public init(mask: GrayImage, feather: Double) {
    let inside = mask.thresholded()
    let blurred = inside.gaussianBlurred(radius: feather)
    opacity = GrayImage(width: mask.width, height: mask.height) { column, row in
      let at = mask.width * row + column
      return inside.pixels[at] == 0 ? 0 : UInt8(max(2 * Int(blurred.pixels[at]) - 255, 0))
    }
  }

  /// - Returns: `nil` unless both pictures are as large as the mask.
  public func callAsFunction(_ result: RGBImage, over original: RGBImage) -> RGBImage? {
    guard [result, original].allSatisfy({ $0.width == opacity.width && $0.height == opacity.height }) else {
      return nil
    }
    return result.drawn(width: result.width, height: result.height) { out in
      for at in 0..<out.count {
        let alpha = Int(opacity.pixels[at / 3])
        let sum = Int(original.pixels[at]) * (255 - alpha) + Int(result.pixels[at]) * alpha
        out[at] = UInt8((sum + 127) / 255)
      }
    }
  }
}
