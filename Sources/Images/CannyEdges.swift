extension PixelImage {
  /// The edges, white on black, byte for byte as OpenCV's `Canny` finds them with an aperture of 3 and the L1 norm.
  ///
  /// Of several channels, the one with the steepest slope counts at each pixel.
  /// Source: Canny 1986, "A Computational Approach to Edge Detection"; OpenCV `imgproc/src/canny.cpp`.
  /// - Parameters:
  ///   - low: an edge goes on where the slope is above it. Slopes are 0 to 2040.
  ///   - high: an edge begins where the slope is above it. The two may come in either order.
  public func cannyEdges(low: Double, high: Double) -> RGBImage {
    var map = EdgeMap(Slopes(self), low: threshold(min(low, high)), high: threshold(max(low, high)))
    map.follow()
    return RGBImage(map.edges)
  }

  /// Whole, as slopes are; beyond their range it is all the same.
  private func threshold(_ value: Double) -> Int32 {
    value < 2040 ? (value >= 0 ? Int32(value) : -1) : 2040
  }
}

/// How steep a picture is at each pixel, by Sobel's operator with the borders drawn out.
private struct Slopes {
  let width: Int
  let height: Int
  private(set) var x: [Int32]
  private(set) var y: [Int32]
  /// |x| + |y|, with a border of zeros: `(width + 2) × (height + 2)`.
  private(set) var norms: [Int32]

  init<Picture: PixelImage>(_ picture: Picture) {
    (width, height) = (picture.width, picture.height)
    (x, y) = ([Int32](repeating: 0, count: width * height), [Int32](repeating: 0, count: width * height))
    norms = [Int32](repeating: 0, count: (width + 2) * (height + 2))
    let channels = Picture.channels
    picture.pixels.withUnsafeBufferPointer { pixels in
      for row in 0..<height {
        let (above, below) = (width * max(row - 1, 0), width * min(row + 1, height - 1))
        let middle = width * row
        for column in 0..<width {
          let (left, right) = (max(column - 1, 0), min(column + 1, width - 1))
          var (steepest, across, down) = (Int32(0), Int32(0), Int32(0))
          for channel in 0..<channels {
            func value(_ pixel: Int) -> Int32 { Int32(pixels[channels * pixel + channel]) }
            let falling = value(below + right) - value(above + left)
            let rising = value(above + right) - value(below + left)
            let x = falling + rising + 2 * (value(middle + right) - value(middle + left))
            let y = falling - rising + 2 * (value(below + column) - value(above + column))
            let norm = abs(x) + abs(y)
            if norm > steepest { (steepest, across, down) = (norm, x, y) }
          }
          (x[middle + column], y[middle + column]) = (across, down)
          norms[(width + 2) * (row + 1) + column + 1] = steepest
        }
      }
    }
  }

  /// Whether the slope is steeper than on both sides of the edge it belongs to. Of two that are equal side by
  /// side or one below the other, the first counts.
  /// - Parameters:
  ///   - pixel: in `x` and `y`.
  ///   - at: the same in `norms`.
  func isRidge(_ pixel: Int, at: Int) -> Bool {
    let (norm, line) = (norms[at], width + 2)
    // tan 22.5° in 15-bit fixed point; tan 67.5° is that plus 2.
    let tan22 = abs(x[pixel]) * 13573
    let tan67 = tan22 + abs(x[pixel]) << 16
    let steep = abs(y[pixel]) << 15
    if steep < tan22 { return norm > norms[at - 1] && norm >= norms[at + 1] }
    if steep > tan67 { return norm > norms[at - line] && norm >= norms[at + line] }
    let side = (x[pixel] < 0) != (y[pixel] < 0) ? -1 : 1
    return norm > norms[at - line - side] && norm > norms[at + line + side]
  }
}

/// What each pixel is, with a border of `nothing`: `(width + 2) × (height + 2)`.
private struct EdgeMap {
  private enum Kind {
    case nothing, perhaps, edge
  }

  let width: Int
  let height: Int
  private var kinds: [Kind]
  /// Edges whose neighbours have not been looked at.
  private var open: [Int] = []

  init(_ slopes: Slopes, low: Int32, high: Int32) {
    (width, height) = (slopes.width, slopes.height)
    kinds = [Kind](repeating: .nothing, count: (width + 2) * (height + 2))
    for row in 0..<height {
      for column in 0..<width {
        let at = (width + 2) * (row + 1) + column + 1
        guard slopes.norms[at] > low, slopes.isRidge(width * row + column, at: at) else { continue }
        kinds[at] = slopes.norms[at] > high ? .edge : .perhaps
        if kinds[at] == .edge { open.append(at) }
      }
    }
  }

  /// Makes an edge of all that is perhaps one and touches an edge.
  mutating func follow() {
    let line = width + 2
    let around = [-line - 1, -line, -line + 1, -1, 1, line - 1, line, line + 1]
    while let edge = open.popLast() {
      for step in around where kinds[edge + step] == .perhaps {
        kinds[edge + step] = .edge
        open.append(edge + step)
      }
    }
  }

  var edges: GrayImage {
    GrayImage(width: width, height: height) { column, row in
      kinds[(width + 2) * (row + 1) + column + 1] == .edge ? 255 : 0
    }
  }
}
