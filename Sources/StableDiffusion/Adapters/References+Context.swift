import Glibc
import Images
import Torch

extension ImageConditioning {
  /// The same picture beside references.
  /// - Throws: `ReferenceError` for blocks that the model has not, or masks of what is averaged; `CheckpointError` for
  ///   an adapter whose numbers are not finite; `TorchError`.
  public func seeing(_ references: References, in model: StableDiffusionXL) throws -> ImageConditioning {
    let unet = model.networks.unet
    let sizes = unet.mapSizes(
      height: height / AutoencoderKL.scale, width: width / AutoencoderKL.scale)
    let sight = try references.sight(dtype: model.options.dtype, sizes)
    guard !sight.isEmpty else { return self }
    let positive = try references.context(sight.map { ($0, $0.tokens) })
    let negative = try conditioning.contrast.map { _ in
      try references.context(sight.map { ($0, $0.blank) })
    }
    let both = try negative.flatMap { try ReferenceContext(stacking: [$0, positive]) }
    return ImageConditioning(
      conditioning: conditioning.seeing(positive: positive, negative: negative, both: both), width: width,
      height: height)
  }
}

/// References that cannot be looked at as asked.
public enum ReferenceError: Error, Sendable, Equatable {
  /// The model has no such module.
  case noSuchBlocks(String)
  /// A mask is of one reference, and there is one mean of all.
  case maskOfAMean
  /// What the adapter is told of the face in a reference, counted from 0, is not what it takes, and why.
  case face(Int, String)
}

extension References {
  /// What is attended to by itself: one reference, or all of them beside each other.
  fileprivate struct Group {
    /// Of the references, and of nothing: `[1, S, context]`.
    let tokens: Tensor, blank: Tensor
    /// A factor of the values.
    let scale: Double
    let bias: Tensor?
    let regions: [Int: Tensor]?
  }

  /// The groups; none where nothing counts.
  fileprivate func sight(dtype: DType, _ sizes: [(height: Int, width: Int)]) throws -> [Group] {
    let counting = references.filter { $0.weight > 0 }
    guard scale > 0, !counting.isEmpty else { return [] }
    let isMasked = counting.contains { $0.mask != nil }
    let noFace = adapter.tokens.faceC.map { [Float](repeating: 0, count: $0) }
    let nothing = try adapter.tokens(blank.states, face: noFace)  // [1, T, context]
    if combination == .averaged {
      guard !isMasked else { throw ReferenceError.maskOfAMean }
      let tokens = try adapter.tokens(mean(of: counting), face: meanFace(of: counting))
      return [Group(tokens: tokens, blank: nothing, scale: scale, bias: nil, regions: nil)]
    }
    let tokens = try counting.map { try adapter.tokens($0.embedding.states, face: $0.face) }
    let device = nothing.device
    if isMasked {
      return try zip(counting, tokens).map { reference, tokens in
        let regions = try reference.mask.map { mask in
          let maps = try sizes.map { size in
            let values = mask.region(height: size.height, width: size.width)
            return (values.count, try Tensor(values, [1, 1, values.count, 1]).to(device).to(dtype))
          }
          // Levels of one size have one map.
          return Dictionary(maps) { first, _ in first }
        }
        return Group(
          tokens: tokens, blank: nothing, scale: scale * reference.weight, bias: nil, regions: regions)
      }
    }
    // k copies of a token are one whose logit is greater by log k.
    let isEven = Set(counting.map(\.weight)).count == 1
    let logits = counting.flatMap { Array(repeating: Float(log($0.weight)), count: nothing.size(1)) }
    return [
      Group(
        tokens: try cat(tokens, dim: 1),
        blank: try cat(Array(repeating: nothing, count: tokens.count), dim: 1), scale: scale,
        bias: try isEven ? nil : Tensor(logits, [1, 1, 1, logits.count]).to(device).to(dtype), regions: nil)
    ]
  }

  private func mean(of counting: [Reference]) throws(TorchError) -> Tensor {
    let total = counting.reduce(0) { $0 + $1.weight }
    var sum: Tensor?
    for reference in counting {
      let part = try reference.embedding.states * (reference.weight / total)
      sum = try sum.map { (sum) throws(TorchError) in try sum + part } ?? part
    }
    return sum ?? blank.states
  }

  private func meanFace(of counting: [Reference]) -> [Float]? {
    let total = counting.reduce(0) { $0 + $1.weight }
    return adapter.tokens.faceC.map { width in
      counting.reduce(into: [Float](repeating: 0, count: width)) { sum, reference in
        for (place, value) in (reference.face ?? []).enumerated() {
          sum[place] += value * Float(reference.weight / total)
        }
      }
    }
  }

  fileprivate func context(_ groups: [(Group, tokens: Tensor)]) throws -> ReferenceContext {
    let modules = blocks.modules
    for module in modules ?? []
    where !adapter.attentions.contains(where: { $0.attention.path.hasPrefix(module) }) {
      throw ReferenceError.noSuchBlocks(String(module.dropLast()))
    }
    let projections = adapter.attentions.filter { projection in
      modules?.contains { projection.attention.path.hasPrefix($0) } ?? true
    }
    let terms = try groups.map { group, tokens in
      let sights = try projections.map {
        ($0.attention.path, try $0(tokens, scale: group.scale))
      }
      return ReferenceContext.Term(
        sights: Dictionary(sights) { first, _ in first }, bias: group.bias, regions: group.regions)
    }
    return ReferenceContext(terms: terms, changes: adapter.changes, part: RunPart(start: start, end: end))
  }
}

extension GrayImage {
  /// What of a feature map is in the white, row after row: 0 to 1, and a little beyond at borders.
  ///
  /// From the middle grey on a pixel is in it; between pixels bicubically, without antialiasing.
  /// Source: diffusers `image_processor.py`, IPAdapterMaskProcessor, which guesses the map's sides where this is told;
  /// torch.nn.functional.interpolate, `mode="bicubic"`.
  func region(height: Int, width: Int) -> [Float] {
    let (rows, columns) = (Self.taps(self.height, to: height), Self.taps(self.width, to: width))
    return rows.flatMap { row in
      columns.map { column in
        var sum: Float = 0
        for (y, vertical) in row {
          for (x, horizontal) in column where pixels[y * self.width + x] >= 128 {
            sum += vertical * horizontal
          }
        }
        return sum
      }
    }
  }

  /// The four pixels that each place of a smaller or larger side is made of, and their weights.
  private static func taps(_ source: Int, to target: Int) -> [[(Int, Float)]] {
    let a: Float = -0.75
    func near(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }
    func far(_ x: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return (0..<target).map { place in
      let position = (Float(place) + 0.5) * (Float(source) / Float(target)) - 0.5
      let first = position.rounded(.down)
      let t = position - first
      let weights = [far(t + 1), near(t), near(1 - t), far(2 - t)]
      return weights.enumerated().map { offset, weight in
        (min(max(Int(first) - 1 + offset, 0), source - 1), weight)
      }
    }
  }
}
