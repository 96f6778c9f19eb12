/// A text as AUTOMATIC1111's web UI reads it: `(x)` weighs 1.1, `[x]` 1/1.1, `(x:w)` w; nested ones multiply; a
/// backslash before `( ) [ ] \` makes it text, and `BREAK` starts a new window.
///
/// Behaviour of its `parse_prompt_attention` (`modules/prompt_parser.py`) and `tokenize_line`
/// (`modules/sd_hijack_clip.py`).
struct A1111Syntax {
  /// A run of text of one weight, tokenised on its own.
  struct Segment: Equatable {
    var text: [Unicode.Scalar]
    var weight: Double
    /// `BREAK`; only while its weight is the one it was made with, since the UI weighs it like text.
    var isBreak: Bool { marked && weight == Self.breakWeight }
    fileprivate var marked = false

    fileprivate static let breakWeight = -1.0
    fileprivate static let lineBreak = Segment(
      text: Array("BREAK".unicodeScalars), weight: breakWeight, marked: true)
  }

  private(set) var segments: [Segment]

  /// - Throws: `PromptError` for a weight that is no finite number.
  init(_ text: String) throws(PromptError) {
    var reader = Reader(text)
    try reader.read()
    for segment in reader.segments { try PromptError.check(weight: segment.weight) }
    segments = []
    for segment in reader.segments {
      // A break keeps apart: the texts beside it, empty at the least, weigh 1 where it is one.
      if let last = segments.last, last.weight == segment.weight {
        segments[segments.count - 1].text.append(contentsOf: segment.text)
      } else {
        segments.append(segment)
      }
    }
  }

  /// How far back a full window is cut at a comma, in tokens (`comma_padding_backtrack`).
  private static let commaReach = 20
  /// `,</w>`.
  private static let comma: Int32 = 267

  /// The text's windows, at least one. A window that is full ends behind its last comma when that is near.
  /// The vectors of a textual inversion stay together.
  func windows(_ reader: TokenReader) -> [PromptWindow] {
    var windows: [PromptWindow] = []
    var window = PromptWindow()
    var lastComma: Int?
    func turn(keeping kept: Int) {
      windows.append(PromptWindow(tokens: Array(window.tokens.prefix(kept))))
      window.tokens.removeFirst(kept)
      lastComma = nil
    }
    /// Makes room for what begins with `id`.
    func makeRoom(for count: Int, beginning id: Int32) {
      if id == Self.comma {
        lastComma = window.tokens.count
      } else if window.room == 0, let comma = lastComma, window.tokens.count - comma <= Self.commaReach {
        turn(keeping: comma + 1)
      }
      if window.room < count { turn(keeping: window.tokens.count) }
    }
    for segment in segments {
      if segment.isBreak {
        turn(keeping: window.tokens.count)
        continue
      }
      for piece in reader.pieces(of: segment.text[...]) {
        switch piece {
        case .text(let text):
          for id in reader.encode(text) {
            makeRoom(for: 1, beginning: id)
            window.tokens.append(WeightedToken(id: id, weight: segment.weight))
          }
        case .vectors(let ids):
          makeRoom(for: ids.count, beginning: ids.lowerBound)
          window.tokens += ids.map { WeightedToken(id: $0, weight: segment.weight) }
        }
      }
    }
    if !window.tokens.isEmpty || windows.isEmpty { windows.append(window) }
    return windows
  }
}

/// Goes once over the text. Only the weighing of what a group holds looks back.
private struct Reader {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private(set) var segments: [A1111Syntax.Segment] = []
  /// Where the groups that are open began: indices of `segments`.
  private var rounds: [Int] = [], squares: [Int] = []

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  mutating func read() throws(PromptError) {
    while position < scalars.count { try readToken() }
    for start in rounds { weigh(from: start, by: 1.1) }
    for start in squares { weigh(from: start, by: 1 / 1.1) }
    if segments.isEmpty { append([]) }
  }

  private mutating func readToken() throws(PromptError) {
    let scalar = scalars[position]
    position += 1
    switch scalar {
    case "\\":
      guard position < scalars.count, Self.escapable.contains(scalars[position]) else { return append([]) }
      append(scalars[position...position])
      position += 1
    case "(": rounds.append(segments.count)
    case "[": squares.append(segments.count)
    case ")":
      if let start = rounds.popLast() { weigh(from: start, by: 1.1) } else { append([scalar]) }
    case "]":
      if let start = squares.popLast() { weigh(from: start, by: 1 / 1.1) } else { append([scalar]) }
    case ":": try readColon()
    default:
      let start = position - 1
      position = scalars[position...].firstIndex { Self.special.contains($0) } ?? scalars.count
      appendText(scalars[start..<position])
    }
  }

  private static let escapable: Set<Unicode.Scalar> = ["(", ")", "[", "]", "\\"]
  private static let special = escapable.union([":"])

  /// What a colon begins: the weight that closes a group, `:\s*([+-]?[.\d]+)\s*\)`, or text.
  private mutating func readColon() throws(PromptError) {
    func skip(from start: Int, while isPart: (Unicode.Scalar) -> Bool) -> Int {
      scalars[start...].firstIndex { !isPart($0) } ?? scalars.count
    }
    let start = skip(from: position) { $0.isPythonSpace }
    let signs = start < scalars.count && (scalars[start] == "+" || scalars[start] == "-") ? 1 : 0
    let end = skip(from: start + signs) { $0 == "." || $0.pythonDigit != nil }
    let close = skip(from: end) { $0.isPythonSpace }
    guard end > start + signs, close < scalars.count, scalars[close] == ")" else { return append([":"]) }
    let whole = scalars[position - 1...close]
    position = close + 1
    guard let group = rounds.popLast() else { return append(whole) }
    guard let weight = PythonFloat.parse(scalars[start..<end]) else {
      let text = String(String.UnicodeScalarView(scalars[start..<min(end, start + 20)]))
      throw PromptError(
        "the weight \"\(text)\" is not a number; a colon that is text is not followed by digits")
    }
    weigh(from: group, by: weight)
  }

  private mutating func append(_ text: ArraySlice<Unicode.Scalar>) {
    segments.append(.init(text: Array(text), weight: 1))
  }

  /// Appends text, cut at each `\s*\bBREAK\b\s*`.
  private mutating func appendText(_ text: ArraySlice<Unicode.Scalar>) {
    let word = Array("BREAK".unicodeScalars)
    var start = text.startIndex
    var index = start
    while index < text.endIndex {
      let end = index + word.count
      guard text[index] == word[0], text[index...].starts(with: word),
        index == text.startIndex || !text[index - 1].isPythonWord,
        end == text.endIndex || !text[end].isPythonWord
      else {
        index += 1
        continue
      }
      append(text[start..<(text[start..<index].lastIndex { !$0.isPythonSpace }.map { $0 + 1 } ?? start)])
      segments.append(.lineBreak)
      start = text[end...].firstIndex { !$0.isPythonSpace } ?? text.endIndex
      index = start
    }
    append(text[start...])
  }

  /// In the order in which groups close, as the weights' last digits depend on it.
  private mutating func weigh(from start: Int, by factor: Double) {
    for index in start..<segments.count { segments[index].weight *= factor }
  }
}
