import CLIPTokenizer

/// Reads text as tokens: words by CLIP's vocabulary, the names of textual inversions as their vectors.
struct TokenReader {
  let tokenizer: CLIPTokenizer
  private let names: InversionNames
  /// What each inversion's vectors have in place of a token's id.
  private let ids: [Range<Int32>]

  /// The first id that is no token's but a vector's: those of all inversions follow, one after another.
  static let firstVector = CLIPTokenizer.endOfText + 1

  /// - Parameter prefix: what may stand before a name as though it belonged to it.
  init(_ tokenizer: CLIPTokenizer, _ inversions: [TextualInversion] = [], prefix: String = "") {
    self.tokenizer = tokenizer
    names = InversionNames(inversions.map(\.name), prefix: prefix)
    ids = Self.ids(of: inversions)
  }

  static func ids(of inversions: [TextualInversion]) -> [Range<Int32>] {
    var next = firstVector
    return inversions.map { inversion in
      defer { next += Int32(inversion.count) }
      return next..<next + Int32(inversion.count)
    }
  }

  /// A stretch of a text.
  enum Piece {
    case text(ArraySlice<Unicode.Scalar>)
    case vectors(Range<Int32>)
  }

  /// The text, cut at names; without any it is one piece.
  func pieces(of text: ArraySlice<Unicode.Scalar>) -> [Piece] {
    names.parts(of: text).map { part in
      switch part {
      case .text(let text): .text(text)
      case .name(let index): .vectors(ids[index])
      }
    }
  }

  /// The tokens of a text in which no name is looked for.
  func encode(_ text: ArraySlice<Unicode.Scalar>) -> [Int32] {
    tokenizer.encode(String(String.UnicodeScalarView(text)))
  }
}
