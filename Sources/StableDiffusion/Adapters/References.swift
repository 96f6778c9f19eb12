public import Images
import Torch

/// Reference pictures as an IP-Adapter takes them, and how they are to count.
public struct References {
  public let adapter: IPAdapter
  public let references: [Reference]
  /// What the image encoder says of no picture: the other side of guidance.
  let blank: ImageEmbedding
  public var combination = Combination.concatenated
  /// 0 is nothing.
  public var scale = 1.0
  /// Shares of the steps, 0 to 1: the references count from `start` up to `end`.
  public var start = 0.0, end = 1.0
  public var blocks = Blocks.all

  public struct Reference {
    let embedding: ImageEmbedding
    /// What a face detector says of it, for a face adapter.
    let face: [Float]?
    /// How much it counts beside the others: 2 is as though it were given twice, 0 not at all.
    let weight: Double
    /// Where it counts: from the middle grey on.
    let mask: GrayImage?

    public init(
      _ embedding: ImageEmbedding, face: [Float]? = nil, weight: Double = 1, mask: GrayImage? = nil
    ) {
      (self.embedding, self.face, self.weight, self.mask) = (embedding, face, weight, mask)
    }
  }

  /// How several references become one.
  public enum Combination: Sendable {
    /// Their tokens beside each other in one attention.
    case concatenated
    /// The weighted mean of the embeddings.
    case averaged
  }

  /// Which attentions look at them.
  /// Source: Wang et al. 2024, "InstantStyle"; diffusers' guide to IP-Adapter, "Style and layout control".
  public enum Blocks: Sendable {
    case all, style, composition, styleAndComposition

    /// The modules whose attentions they are; `nil` is all.
    var modules: [String]? {
      let (style, composition) = ("up_blocks.0.attentions.1.", "down_blocks.2.attentions.1.")
      return switch self {
      case .all: nil
      case .style: [style]
      case .composition: [composition]
      case .styleAndComposition: [composition, style]
      }
    }
  }

  /// - Parameter blank: `ImageEncoder.blank`.
  /// - Throws: `CheckpointError` when the encoder is not the one that the adapter was trained on; `ReferenceError.face`
  ///   when a face adapter is not told of a face what it must be, or another one is told of any.
  public init(_ adapter: IPAdapter, _ references: [Reference], blank: ImageEmbedding) throws {
    (self.adapter, self.references, self.blank) = (adapter, references, blank)
    for (index, reference) in references.enumerated() {
      try adapter.checkFit(reference.embedding)
      if let problem = adapter.problem(withFace: reference.face) { throw ReferenceError.face(index, problem) }
    }
  }
}
