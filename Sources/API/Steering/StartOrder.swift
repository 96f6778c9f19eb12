import Generation
import Images
import JSON

/// A picture to start from, and what of it is repainted.
struct StartOrder: Sendable {
  struct Mask: Sendable {
    fileprivate(set) var picture: PictureInput
    let kind: RepaintMask.Kind
    /// Pixels over which `composites` feathers the edge.
    let blur: Int
    /// Whether the original comes back outside.
    let composites: Bool
    /// Whether the masked area alone is made, with so many pixels around it.
    let padding: Int?
  }

  private(set) var picture: PictureInput
  let strength: Double
  let mode: ResizeMode
  private(set) var mask: Mask?

  /// - Returns: `nil` without a picture.
  init?(_ values: FieldValues, _ mistakes: inout Mistakes) {
    guard let picture = values.picture("image") else {
      if values.picture("mask") != nil { mistakes.note("mask needs an image", at: "mask") }
      if values.boolean(Self.maskedOnly) == true {
        mistakes.note("\(Self.maskedOnly) needs an image and a mask", at: Self.maskedOnly)
      }
      return nil
    }
    self.picture = picture
    strength = values.number("strength") ?? 0.75
    mode = values.resizeMode
    mask = values.picture("mask").map { mask in
      let isMaskedOnly = values.boolean(Self.maskedOnly) ?? false
      return Mask(
        picture: mask, kind: values.choice("mask_mode") ?? .binary, blur: values.integer("mask_blur") ?? 4,
        composites: values.boolean("composite") ?? true,
        padding: isMaskedOnly ? values.integer("inpaint_padding") ?? 32 : nil)
    }
    checkMaskedOnly(values, &mistakes)
  }

  private static let maskedOnly = "inpaint_masked_only"

  private func checkMaskedOnly(_ values: FieldValues, _ mistakes: inout Mistakes) {
    let field = Self.maskedOnly
    guard values.boolean(field) == true else { return }
    guard let mask else { return mistakes.note("\(field) needs a mask", at: field) }
    if !mask.composites {
      mistakes.note("\(field) pastes what was made into image, so composite should be true", at: field)
    }
    for other in ["control", "hires"] where values[other] != nil {
      mistakes.note("\(field) does not go together with \(other)", at: field)
    }
  }

  /// Whether the masked area alone is made.
  var isMaskedOnly: Bool { mask?.padding != nil }
}

extension FieldValues {
  /// How pictures are brought to the size.
  var resizeMode: ResizeMode { choice("resize_mode") ?? .stretch }
}

extension StartOrder {
  /// What the engine starts from, and what is done to the picture it makes.
  /// - Parameters:
  ///   - work: of what the engine makes at first.
  ///   - result: of what it makes in the end.
  ///   - body: of the request, for the `input` of a 422.
  /// - Throws: 422 for a mask that selects nothing, where the area it selects is wanted.
  func prepared(
    work: (width: Int, height: Int), result: (width: Int, height: Int), _ body: JSONObject
  ) throws(APIError) -> (start: StartingPicture, finish: PictureFinish?) {
    let original = try picture.image
    guard let mask else { return (StartingPicture(original.fitted(work, mode), strength: strength), nil) }
    let grey = try laidOver(mask)
    guard let padding = mask.padding else {
      let start = StartingPicture(
        original.fitted(work, mode), strength: strength,
        mask: RepaintMask(grey.fitted(work, mode), kind: mask.kind))
      guard mask.composites else { return (start, nil) }
      return (
        start,
        PictureFinish(
          original: original.fitted(result, mode), area: mask.area(grey.fitted(result, mode)), blur: mask.blur
        )
      )
    }
    let area = mask.area(grey)
    guard let crop = InpaintCrop(mask: area, width: work.width, height: work.height, padding: padding),
      let cut = crop.cut(original), let cutMask = crop.cut(grey)
    else {
      let problem = FieldProblem.value("mask selects nothing to repaint: it should be white somewhere")
      throw APIError([ValidationIssue(["mask"], problem, input: body["mask"] ?? .null)])
    }
    return (
      StartingPicture(cut, strength: strength, mask: RepaintMask(cutMask, kind: mask.kind)),
      PictureFinish(original: original, area: area, blur: mask.blur, crop: crop)
    )
  }

  /// As large as the picture, so that both are brought to a size in the same way.
  private func laidOver(_ mask: Mask) throws(APIError) -> GrayImage {
    let grey = GrayImage(try mask.picture.image)
    let isAsLarge = (grey.width, grey.height) == (picture.width, picture.height)
    // Straight to the size, where the way there is the same: resized once, not twice.
    if isAsLarge || mode == .stretch && mask.padding == nil { return grey }
    return grey.resized(width: picture.width, height: picture.height, filter: .lanczos)
  }

  mutating func letPixelsGo() {
    picture.letPixelsGo()
    mask?.picture.letPixelsGo()
  }
}

extension StartOrder.Mask {
  /// White where anything is repainted.
  fileprivate func area(_ grey: GrayImage) -> GrayImage {
    switch kind {
    case .binary: grey.thresholded(at: 128)
    case .soft: grey.thresholded(at: 1)
    }
  }
}

extension PixelImage {
  fileprivate func fitted(_ size: (width: Int, height: Int), _ mode: ResizeMode) -> Self {
    fitted(width: size.width, height: size.height, mode: mode)
  }
}
