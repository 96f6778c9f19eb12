/// A text as ComfyUI reads it: `(x)` weighs 1.1 times what is around it, `(x:w)` weighs w; `\(` and `\)` are text.
///
/// Behaviour of its `token_weights` and `SDTokenizer.tokenize_with_weights` (`comfy/sd1_clip.py`).
struct ComfySyntax {
  /// A run of text of one weight.
  struct Segment: Equatable {
    let text: ArraySlice<Unicode.Scalar>
    let weight: Double
  }

  let segments: [Segment]

  /// - Throws: `PromptError` for a weight that is no finite number.
  init(_ text: String) throws(PromptError) {
    let groups = Groups(text)
    var segments: [Segment] = []
    // What is left to read at each depth, the innermost last: no recursion that a request could drive.
    var open = [(rest: 0..<groups.scalars.count, weight: 1.0)]
    while let (rest, weight) = open.popLast() {
      guard let piece = groups.firstPiece(of: rest) else { continue }
      open.append((piece.upperBound..<rest.upperBound, weight))
      if let group = groups.group(piece) {
        let weight = group.weight ?? weight * 1.1
        try PromptError.check(weight: weight)
        open.append((group.inner, weight))
      } else {
        segments.append(Segment(text: groups.scalars[piece], weight: weight))
      }
    }
    self.segments = segments
  }

  /// Words of at least this many tokens may be cut.
  private static let longWord = 8

  /// What may stand before the name of a textual inversion.
  static let inversionMark = "embedding:"

  /// The text's windows, at least one. Words are tokenised each on its own, and short ones are never cut; a textual
  /// inversion is a word.
  func windows(_ reader: TokenReader) -> [PromptWindow] {
    var windows: [PromptWindow] = []
    var window = PromptWindow()
    func append(_ word: [Int32], _ weight: Double) {
      var tokens = word.map { WeightedToken(id: $0, weight: weight) }[...]
      let mayBeCut = tokens.count >= Self.longWord
      while tokens.count > window.room {
        if mayBeCut {
          let room = window.room
          window.tokens += tokens.prefix(room)
          tokens = tokens.dropFirst(room)
        }
        windows.append(window)
        window = PromptWindow()
      }
      window.tokens += tokens
    }
    for segment in segments {
      for piece in reader.pieces(of: segment.text) {
        switch piece {
        case .text(let text):
          for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            append(reader.encode(word), segment.weight)
          }
        case .vectors(let ids): append(Array(ids), segment.weight)
        }
      }
    }
    windows.append(window)
    return windows
  }
}

/// A text whose parentheses have been paired once, so that a deep nest takes no longer than a flat one.
private struct Groups {
  /// The text; escaped parentheses have lost their backslash.
  private(set) var scalars: [Unicode.Scalar] = []
  /// What each scalar is.
  private var signs: [Sign] = []
  /// Where the group that opens here closes; the text's end for one that does not.
  private var closing: [Int] = []
  /// The last colon, and the last parenthesis, at or before each place; −1 for none.
  private var colons: [Int] = [], parentheses: [Int] = []

  private enum Sign { case open, close, other }

  init(_ text: String) {
    for scalar in text.unicodeScalars {
      let isParenthesis = scalar == "(" || scalar == ")"
      if isParenthesis, scalars.last == "\\" {
        scalars[scalars.count - 1] = scalar
      } else {
        scalars.append(scalar)
        signs.append(!isParenthesis ? .other : scalar == "(" ? .open : .close)
      }
    }
    closing = [Int](repeating: scalars.count, count: scalars.count)
    var open: [Int] = []
    for index in scalars.indices {
      if signs[index] == .open { open.append(index) }
      if signs[index] == .close, let start = open.popLast() { closing[start] = index }
      colons.append(scalars[index] == ":" ? index : colons.last ?? -1)
      parentheses.append(signs[index] != .other ? index : parentheses.last ?? -1)
    }
  }

  /// The first group of `range`, or the text before it; `nil` when nothing is left.
  func firstPiece(of range: Range<Int>) -> Range<Int>? {
    guard let first = range.first else { return nil }
    if signs[first] == .open { return first..<min(closing[first] + 1, range.upperBound) }
    // Behind a parenthesis that closes nothing, the next one only makes up for it.
    var depth = 0
    for index in range {
      switch signs[index] {
      case .open where depth == 0: return first..<index
      case .open: depth += 1
      case .close: depth -= 1
      case .other: break
      }
    }
    return range
  }

  /// What a piece holds when it is a group, and the weight it names.
  func group(_ piece: Range<Int>) -> (inner: Range<Int>, weight: Double?)? {
    guard piece.count >= 2, signs[piece.lowerBound] == .open, signs[piece.upperBound - 1] == .close else {
      return nil
    }
    let inner = piece.lowerBound + 1..<piece.upperBound - 1
    guard let last = inner.last else { return (inner, nil) }
    let colon = colons[last]
    // A number has no parenthesis in it.
    guard colon > inner.lowerBound, parentheses[last] < colon,
      let weight = PythonFloat.parse(scalars[colon + 1..<inner.upperBound])
    else { return (inner, nil) }
    return (inner.lowerBound..<colon, weight)
  }
}
