/// What is done when a picture has other proportions than the place it has to fill.
/// Source: diffusers `image_processor.py`, VaeImageProcessor.resize.
public enum ResizeMode: String, Sendable, Codable, Hashable, CaseIterable {
  /// The proportions give way (`default`).
  case stretch
  /// What is too wide or too high is cut off on both sides (`crop`).
  case crop
  /// The picture is all there; above and below it, or beside it, its border is drawn out (`fill`).
  case pad
}

extension PixelImage {
  /// The picture at exactly this size, byte for byte as diffusers' image processor makes it: by Lanczos' filter.
  ///
  /// With `pad`, an odd row or column that is left over at the end stays black, as in diffusers. A side that
  /// would shrink to nothing becomes one pixel.
  /// - Parameters width, height: pixels, at least 1 (less counts as 1).
  public func fitted(width: Int, height: Int, mode: ResizeMode) -> Self {
    let (width, height) = (max(width, 1), max(height, 1))
    switch mode {
    case .stretch: return resized(width: width, height: height, filter: .lanczos)
    case .crop: return covering(width: width, height: height)
    case .pad: return padded(width: width, height: height)
    }
  }

  /// Whether the picture is wider than such a place, its height being the same.
  private func isWider(than width: Int, _ height: Int) -> Bool {
    Double(self.width) / Double(self.height) > Double(width) / Double(height)
  }

  private func covering(width: Int, height: Int) -> Self {
    let wider = isWider(than: width, height)
    var columns = ResampleAxis(from: self.width, to: wider ? self.width * height / self.height : width)
    var rows = ResampleAxis(from: self.height, to: wider ? height : self.height * width / self.width)
    let (x, y) = (columns.outputs / 2 - width / 2, rows.outputs / 2 - height / 2)
    (columns.window, rows.window) = (x..<x + width, y..<y + height)
    return resampled(columns: columns, rows: rows, .lanczos)
  }

  private func padded(width: Int, height: Int) -> Self {
    let wider = isWider(than: width, height)
    let columns = wider ? width : max(self.width * height / self.height, 1)
    let rows = wider ? max(self.height * width / self.width, 1) : height
    let inner = resized(width: columns, height: rows, filter: .lanczos)
    let (x, y) = (width / 2 - columns / 2, height / 2 - rows / 2)
    var whole = (Self.black(width: width, height: height) ?? inner).pasting(inner, x: x, y: y)
    if wider, y > 0 {
      whole = whole.pasting(inner.drawnOut(rows: y, from: 0), x: 0, y: 0)
      whole = whole.pasting(inner.drawnOut(rows: y, from: rows), x: 0, y: y + rows)
    } else if !wider, x > 0 {
      whole = whole.pasting(inner.drawnOut(columns: x, from: 0), x: 0, y: 0)
      whole = whole.pasting(inner.drawnOut(columns: x, from: columns), x: x + columns, y: 0)
    }
    return whole
  }

  /// Rows that are all what the bicubic filter sees at the edge `from`.
  private func drawnOut(rows count: Int, from edge: Int) -> Self {
    var rows = ResampleAxis(from: height, to: count)
    rows.source = Double(edge)...Double(edge)
    return resampled(columns: ResampleAxis(from: width, to: width), rows: rows, .bicubic)
  }

  private func drawnOut(columns count: Int, from edge: Int) -> Self {
    var columns = ResampleAxis(from: width, to: count)
    columns.source = Double(edge)...Double(edge)
    return resampled(columns: columns, rows: ResampleAxis(from: height, to: height), .bicubic)
  }
}
