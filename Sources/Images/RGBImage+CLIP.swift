extension RGBImage {
  /// The square that CLIP's image encoder looks at: the shorter side made `side` by the bicubic filter, the middle
  /// of the longer one.
  ///
  /// Byte for byte what the reference has before its bytes become numbers.
  /// Source: transformers `image_processing_pil_clip.py`, CLIPImageProcessorPil.
  /// - Parameter side: pixels, at least 1 (less counts as 1); 224 for ViT-H.
  public func clipInput(side: Int = 224) -> RGBImage {
    let side = max(side, 1)
    let wide = width > height
    var columns = ResampleAxis(from: width, to: wide ? side * width / height : side)
    var rows = ResampleAxis(from: height, to: wide ? side : side * height / width)
    let (x, y) = ((columns.outputs - side) / 2, (rows.outputs - side) / 2)
    (columns.window, rows.window) = (x..<x + side, y..<y + side)
    return resampled(columns: columns, rows: rows, .bicubic)
  }
}
