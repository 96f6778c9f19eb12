import Torch

/// What the cross-attentions of a UNet see of reference pictures beside the text: keys and values, made once a run.
/// Source: diffusers `models/attention_processor.py`, IPAdapterAttnProcessor2_0.
struct ReferenceContext {
  /// Each is attended to by itself; what comes of them is added to what comes of the text.
  let terms: [Term]
  /// What is added to attentions' own layers, by `Attention.path`.
  let changes: [String: AttentionChange]
  /// The part of the run in which it counts.
  let part: RunPart

  struct Term {
    /// By `Attention.path`. An attention that is not there sees nothing of it.
    let sights: [String: Sight]
    /// Added to the logits: `[1, 1, 1, S]`; `nil` is zero.
    let bias: Tensor?
    /// Where it counts, by the number of positions in a feature map: `[1, 1, L, 1]`; `nil` is everywhere.
    let regions: [Int: Tensor]?
  }

  /// Of one attention: `[B, heads, S, 64]` both; the values have been scaled.
  struct Sight {
    let keys: Tensor, values: Tensor
  }

  /// - Parameters: q `[B, heads, L, 64]`; path the attention's.
  /// - Returns: what is added to the text's part, `[B, heads, L, 64]`; `nil` is nothing.
  func callAsFunction(_ q: Tensor, path: String) throws(TorchError) -> Tensor? {
    var sum: Tensor?
    for term in terms {
      guard let seen = try term(q, path: path) else { continue }
      sum = try sum.map { (sum) throws(TorchError) in try sum + seen } ?? seen
    }
    return sum
  }
}

extension ReferenceContext.Term {
  fileprivate func callAsFunction(_ q: Tensor, path: String) throws(TorchError) -> Tensor? {
    guard let sight = sights[path] else { return nil }
    let seen = try scaledDotProductAttention(q, sight.keys, sight.values, bias: bias)
    guard let regions else { return seen }
    guard let region = regions[q.size(2)] else {
      throw TorchError(
        kind: .internal, operation: "reference", shapes: [q.shape], message: "no mask of this size")
    }
    return try seen * region
  }
}

extension ReferenceContext {
  /// Several sides of guidance as the rows of one batch.
  /// - Parameter sides: of the same references, so alike but for their keys and values.
  init?(stacking sides: [ReferenceContext]) throws(TorchError) {
    guard let first = sides.first else { return nil }
    var terms: [Term] = []
    for (index, term) in first.terms.enumerated() {
      var sights: [String: Sight] = [:]
      for path in term.sights.keys {
        let rows = sides.compactMap { $0.terms[index].sights[path] }
        sights[path] = Sight(
          keys: try cat(rows.map(\.keys), dim: 0), values: try cat(rows.map(\.values), dim: 0))
      }
      terms.append(Term(sights: sights, bias: term.bias, regions: term.regions))
    }
    self.init(terms: terms, changes: first.changes, part: first.part)
  }
}
