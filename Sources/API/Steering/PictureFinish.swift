import Generation
import Images

/// What is done to a picture that the engine made: the original comes back outside the mask.
struct PictureFinish: Sendable {
  /// As large as the result.
  let original: RGBImage
  /// White where it was repainted; the original's size.
  let area: GrayImage
  /// Pixels over which the edge is feathered, within the area.
  let blur: Int
  /// Where the picture belongs, when it shows the masked area alone.
  var crop: InpaintCrop?

  /// Computes long.
  func apply(to picture: RGBImage) throws(GenerationError) -> RGBImage {
    let whole = crop.map { $0.pasted(picture, onto: original) } ?? picture
    guard let whole,
      let result = Composite(mask: area, feather: Double(blur))(whole, over: original)
    else { throw GenerationError(.internalError, "The picture is not of the size that was asked for.") }
    return result
  }
}
