import Generation
import JSON

extension SecondPass {
  /// - Parameters:
  ///   - values: of `hires`.
  ///   - first: the first pass's request.
  ///   - maxPixels: the most that width × height may be.
  /// - Returns: `nil` where a mistake was noted.
  init?(_ values: FieldValues, after first: GenerationRequest, maxPixels: Int, _ mistakes: inout Mistakes) {
    let path = FieldPath("hires")
    guard let size = Self.size(values, after: first, &mistakes) else { return nil }
    self.init(
      width: size.width, height: size.height, steps: values.integer("steps") ?? first.steps,
      strength: values.number("strength") ?? 0.5, upscaler: values.choice("upscaler") ?? .latent)
    if size.width < first.width || size.height < first.height {
      let least = "\(first.width) x \(first.height)"
      mistakes.note("\(width) x \(height) should not be smaller than the first pass's \(least)", at: path)
    }
    if max(width, height) > FieldTable.largeSides.upperBound || width * height > maxPixels {
      let side = FieldTable.largeSides.upperBound
      mistakes.note(
        "\(width) x \(height) is over the limit of \(maxPixels) pixels, or of \(side) a side", at: path)
    }
    if GenerationRequest.share(strength, of: steps) == 0 {
      mistakes.note(
        "of \(steps) steps, a strength of \(strength.shortText) leaves none", at: path.member("strength"))
    }
  }

  private static func size(
    _ values: FieldValues, after first: GenerationRequest, _ mistakes: inout Mistakes
  ) -> (width: Int, height: Int)? {
    switch (values.number("scale"), values.integer("width"), values.integer("height")) {
    case (let scale?, nil, nil):
      return (Int(Double(first.width) * scale) / 8 * 8, Int(Double(first.height) * scale) / 8 * 8)
    case (nil, let width?, let height?): return (width, height)
    default:
      mistakes.note("hires should have scale, or both width and height", at: "hires")
      return nil
    }
  }
}

extension FreeU {
  /// - Parameter values: of `freeu`.
  init(_ values: FieldValues) {
    func weight(_ name: String) -> Double { values.number(name) ?? 1 }
    self.init(s1: weight("s1"), s2: weight("s2"), b1: weight("b1"), b2: weight("b2"))
  }
}
