extension PixelImage {
  /// The picture at another size, byte for byte what Pillow's `Image.resize` makes.
  /// - Parameters:
  ///   - width: pixels, at least 1 (less counts as 1), as is `height`.
  ///   - filter: widened by the scale where the picture gets smaller, so that every input counts.
  public func resized(width: Int, height: Int, filter: ResampleFilter) -> Self {
    resampled(
      columns: ResampleAxis(from: self.width, to: max(width, 1)),
      rows: ResampleAxis(from: self.height, to: max(height, 1)), filter)
  }

  /// Columns first, then rows, each rounded to bytes; the other way round where the height loses more than twice
  /// the pixels that the width loses, as in Pillow since 13.0.
  func resampled(columns: ResampleAxis, rows: ResampleAxis, _ filter: ResampleFilter) -> Self {
    let across = columns.isIdentity ? nil : ResampleTaps(filter, columns)
    guard !rows.isIdentity else { return across.map { resampledColumns($0, rows: 0..<height) } ?? self }
    let down = ResampleTaps(filter, rows)
    guard let across else { return resampledRows(down, first: 0) }
    if rows.inputs - rows.outputs > max(2 * (columns.inputs - columns.outputs), 0) {
      return resampledRows(down, first: 0).resampledColumns(across, rows: 0..<down.spans.count)
    }
    let used = down.inputs
    return resampledColumns(across, rows: used).resampledRows(down, first: used.lowerBound)
  }

  /// - Parameter rows: those that the result has.
  private func resampledColumns(_ taps: ResampleTaps, rows: Range<Int>) -> Self {
    drawn(width: taps.spans.count, height: rows.count) { out in
      pixels.withUnsafeBufferPointer { pixels in
        taps.weights.withUnsafeBufferPointer { weights in
          var next = 0
          for row in rows {
            for (column, span) in taps.spans.enumerated() {
              let from = Self.channels * (width * row + span.first)
              let pixel = weightedSum(pixels, from, weights, taps.stride * column, count: span.count)
              for channel in 0..<Self.channels { out[next + channel] = byte(pixel[channel]) }
              next += Self.channels
            }
          }
        }
      }
    }
  }

  /// `count` pixels from `first` on, each times its weight. Three channels at once: the loop that most time goes into.
  @inline(__always)
  private func weightedSum(
    _ pixels: UnsafeBufferPointer<UInt8>, _ first: Int,
    _ weights: UnsafeBufferPointer<Int32>, _ firstWeight: Int, count: Int
  ) -> SIMD4<Int32> {
    var sum = SIMD4<Int32>(repeating: 1 << (ResampleTaps.fractionBits - 1))
    var at = first
    for weight in firstWeight..<firstWeight + count {
      var pixel = SIMD4<Int32>()
      for channel in 0..<Self.channels { pixel[channel] = Int32(pixels[at + channel]) }
      sum &+= pixel &* weights[weight]
      at += Self.channels
    }
    return sum
  }

  /// - Parameter first: the row of `taps` that is this picture's first.
  private func resampledRows(_ taps: ResampleTaps, first: Int) -> Self {
    let length = Self.channels * width
    return drawn(width: width, height: taps.spans.count) { out in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: length) { sums in
        pixels.withUnsafeBufferPointer { pixels in
          for (row, span) in taps.spans.enumerated() {
            sums.update(repeating: 1 << (ResampleTaps.fractionBits - 1))
            for tap in 0..<span.count {
              let weight = taps.weights[taps.stride * row + tap]
              let line = length * (span.first - first + tap)
              for at in 0..<length { sums[at] &+= Int32(pixels[line + at]) &* weight }
            }
            for at in 0..<length { out[length * row + at] = byte(sums[at]) }
          }
        }
      }
    }
  }

  @inline(__always)
  private func byte(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> ResampleTaps.fractionBits, 0), 255))
  }
}
