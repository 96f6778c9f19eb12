/// One side of a picture, and what it becomes.
struct ResampleAxis {
  let inputs: Int
  let outputs: Int
  /// The part of the inputs that is stretched over the outputs.
  var source: ClosedRange<Double>
  /// The outputs that are made.
  var window: Range<Int>

  /// - Parameters: at least 1 each.
  init(from inputs: Int, to outputs: Int) {
    (self.inputs, self.outputs) = (inputs, outputs)
    source = 0...Double(inputs)
    window = 0..<outputs
  }

  var isIdentity: Bool {
    inputs == outputs && source == 0...Double(inputs) && window == 0..<outputs
  }
}

/// The inputs that make each output along one side, and how much of each.
///
/// Weights are whole numbers of 2⁻²², so that a sum of bytes times weights fits 32 bits.
/// Source: Pillow `libImaging/Resample.c`, precompute_coeffs, normalize_coeffs_8bpc; `Geometry.c`,
/// ImagingScaleAffine, for the nearest.
struct ResampleTaps {
  static let fractionBits: Int32 = 32 - 8 - 2

  struct Span {
    let first: Int
    let count: Int
  }

  private(set) var spans: [Span] = []
  /// `stride` a span, of which the first `count` matter.
  private(set) var weights: [Int32] = []
  let stride: Int

  init(_ filter: ResampleFilter, _ axis: ResampleAxis) {
    let scale = (axis.source.upperBound - axis.source.lowerBound) / Double(axis.outputs)
    guard filter != .nearest else {
      stride = 1
      // A running sum, whose rounding decides between two neighbours.
      var place = axis.source.lowerBound + scale * 0.5
      for output in 0..<axis.window.upperBound {
        if output >= axis.window.lowerBound {
          spans.append(Span(first: min(Int(place), axis.inputs - 1), count: 1))
          weights.append(1 << Self.fractionBits)
        }
        place += scale
      }
      return
    }
    let stretch = max(scale, 1)
    let support = filter.support * stretch
    stride = Int(support.rounded(.up)) * 2 + 1
    spans.reserveCapacity(axis.window.count)
    weights.reserveCapacity(axis.window.count * stride)
    for output in axis.window {
      let center = axis.source.lowerBound + (Double(output) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let count = min(Int(center + support + 0.5), axis.inputs) - first
      spans.append(Span(first: first, count: count))
      append((0..<count).map { filter((Double($0 + first) - center + 0.5) * (1 / stretch)) })
    }
  }

  /// Makes the weights of one output sum to 1, and rounds them.
  private mutating func append(_ values: [Double]) {
    let sum = values.reduce(0, +)
    for value in values {
      let weight = (sum == 0 ? value : value / sum) * Double(1 << Self.fractionBits)
      weights.append(Int32(weight < 0 ? weight - 0.5 : weight + 0.5))
    }
    weights.append(contentsOf: repeatElement(0, count: stride - values.count))
  }

  /// The inputs that are looked at at all.
  var inputs: Range<Int> {
    let first = spans.reduce(Int.max) { min($0, $1.first) }
    let end = spans.reduce(0) { max($0, $1.first + $1.count) }
    return min(first, end)..<end
  }
}
