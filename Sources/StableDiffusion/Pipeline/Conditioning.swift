import Torch

/// The texts and sizes of one picture as the UNet takes them.
struct Conditioning {
  /// What the picture is to show.
  var positive: Side
  /// `nil` when there is no guidance pass.
  var contrast: Contrast?

  /// One text with the sizes.
  struct Side {
    var context: AttentionContext
    /// Pooled text and sizes, embedded for the UNet: `[B, temb]`.
    let added: Tensor
    /// The same as they were: `[B, pooled]`, and six numbers of pixels.
    let pooled: Tensor
    let timeIDs: [Double]
  }

  /// What the picture is led away from, and how far.
  struct Contrast {
    var sides: Sides
    /// Above 1.
    let scale: Double
    /// How much of the added contrast is taken back, 0 to 1.
    let rescale: Double
    /// The part of the run that is guided.
    private let part: RunPart
  }

  /// How the two sides are evaluated.
  enum Sides {
    /// In one call, the negative side first: two rows.
    case together(Side)
    /// In a call each; this is the negative side.
    case apart(Side)
  }
}

extension Conditioning {
  /// What counts at step `step` (from 0) of `steps`: references may have a part of the run.
  func at(step: Int, of steps: Int) -> Conditioning {
    guard let reference = positive.context.reference, !reference.part.covers(step: step, of: steps) else {
      return self
    }
    return seeing(positive: nil, negative: nil, both: nil)
  }

  /// The same beside other references, or none.
  /// - Parameter both: negative and positive as one batch.
  func seeing(
    positive: ReferenceContext?, negative: ReferenceContext?, both: ReferenceContext?
  ) -> Conditioning {
    var changed = self
    changed.positive.context.reference = positive
    switch contrast?.sides {
    case .together(var side):
      side.context.reference = both
      changed.contrast?.sides = .together(side)
    case .apart(var side):
      side.context.reference = negative
      changed.contrast?.sides = .apart(side)
    case nil: break
    }
    return changed
  }
}

extension Conditioning.Contrast {
  init(
    _ guidance: StableDiffusionXL.Guidance, positive: Conditioning.Side, negative: Conditioning.Side
  ) throws(TorchError) {
    sides = try .init(positive: positive, negative: negative)
    (scale, rescale) = (guidance.scale, guidance.rescale)
    part = RunPart(start: guidance.start, end: guidance.end)
  }

  /// Whether step `step` (from 0) of `steps` is guided.
  func covers(step: Int, of steps: Int) -> Bool { part.covers(step: step, of: steps) }
}

extension Conditioning.Sides {
  /// One call for both sides wherever that costs little.
  ///
  /// Attention over k copies of a text is attention over one copy, so texts of different length are repeated
  /// to a common one: as long as that is no more than twice the longer.
  init(positive: Conditioning.Side, negative: Conditioning.Side) throws(TorchError) {
    let lengths = (negative.context.text.size(1), positive.context.text.size(1))
    let common = lengths.0 / Self.commonDivisor(lengths.0, lengths.1) * lengths.1
    guard common <= 2 * max(lengths.0, lengths.1) else {
      self = .apart(negative)
      return
    }
    func repeated(_ context: Tensor) throws(TorchError) -> Tensor {
      let copies = common / context.size(1)
      return copies == 1 ? context : try cat(Array(repeating: context, count: copies), dim: 1)
    }
    self = .together(
      .init(
        context: try AttentionContext(
          text: cat([repeated(negative.context.text), repeated(positive.context.text)], dim: 0)),
        added: try cat([negative.added, positive.added], dim: 0),
        pooled: try cat([negative.pooled, positive.pooled], dim: 0), timeIDs: positive.timeIDs))
  }

  private static func commonDivisor(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b > 0 { (a, b) = (b, a % b) }
    return max(a, 1)
  }
}
