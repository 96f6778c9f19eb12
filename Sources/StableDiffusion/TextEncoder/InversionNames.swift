/// The names of textual inversions, to be found in texts.
///
/// A name counts where it stands as a whole word: no letter, mark, digit or underscore touches a letter, digit or
/// underscore of its own. Capitals do not matter, as they do not to CLIP; where several names begin the longest counts.
public struct InversionNames: Sendable {
  /// What a name may be written like, folded, the longest first.
  private let spellings: [Spelling]

  private struct Spelling {
    let index: Int
    let folded: [Unicode.Scalar]

    /// Where the name ends in a text that begins with it.
    func end(in text: ArraySlice<Unicode.Scalar>) -> Int? {
      var rest = folded[...]
      for (index, scalar) in zip(text.indices, text) {
        let letters = scalar.folded
        guard rest.starts(with: letters) else { return nil }
        rest = rest.dropFirst(letters.count)
        if rest.isEmpty { return index + 1 }
      }
      return nil
    }
  }

  /// - Parameter prefix: what may stand before a name as though it belonged to it.
  public init(_ names: [String], prefix: String = "") {
    let written = names.enumerated().flatMap { index, name in
      (prefix.isEmpty ? [name] : [name, prefix + name]).map { Spelling(index: index, folded: $0.folded) }
    }
    spellings = written.filter { !$0.folded.isEmpty }.sorted { $0.folded.count > $1.folded.count }
  }

  /// A stretch of a text.
  enum Part: Equatable {
    case text(ArraySlice<Unicode.Scalar>)
    /// The index of a name.
    case name(Int)
  }

  /// The text, cut at names: nothing of it is lost, and no part is empty.
  func parts(of text: ArraySlice<Unicode.Scalar>) -> [Part] {
    guard !spellings.isEmpty else { return text.isEmpty ? [] : [.text(text)] }
    var parts: [Part] = []
    var (start, position) = (text.startIndex, text.startIndex)
    while position < text.endIndex {
      guard let (index, end) = name(at: position, in: text) else {
        position += 1
        continue
      }
      if start < position { parts.append(.text(text[start..<position])) }
      parts.append(.name(index))
      (start, position) = (end, end)
    }
    if start < text.endIndex { parts.append(.text(text[start...])) }
    return parts
  }

  /// The indices of the names that may stand in a prompt of any style: backslashes are not looked at.
  public func indices(in prompt: String) -> Set<Int> {
    let text = prompt.unicodeScalars.filter { $0 != "\\" }
    return parts(of: Array(text)[...]).reduce(into: []) { found, part in
      if case .name(let index) = part { found.insert(index) }
    }
  }

  private func name(at position: Int, in text: ArraySlice<Unicode.Scalar>) -> (index: Int, end: Int)? {
    for spelling in spellings {
      guard let end = spelling.end(in: text[position...]) else { continue }
      let joinsBefore =
        position > text.startIndex && text[position].isPythonWord && text[position - 1].joinsWords
      let joinsBehind = end < text.endIndex && text[end - 1].isPythonWord && text[end].joinsWords
      if !joinsBefore, !joinsBehind { return (spelling.index, end) }
    }
    return nil
  }
}

extension String {
  /// Without capitals.
  fileprivate var folded: [Unicode.Scalar] { unicodeScalars.flatMap(\.folded) }
}

extension Unicode.Scalar {
  fileprivate var folded: String.UnicodeScalarView { properties.lowercaseMapping.unicodeScalars }

  /// Whether beside a word it makes it another one.
  fileprivate var joinsWords: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: true
    default: isPythonWord
    }
  }
}
