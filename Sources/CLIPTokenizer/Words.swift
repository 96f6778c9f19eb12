/// A text, normalised and cut by CLIP's pattern:
///
///     <\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
///
/// The alternatives are tried in this order at each place, and what none matches (white space) is dropped.
struct Words {
  private let scalars: [Unicode.Scalar]
  private let kinds: [Kind]

  /// NFC, then lower case character by character: a sigma is never a final one, `İ` is two characters, and
  /// what lower case takes apart is not composed again.
  init(_ text: String) {
    let composed = Composition.nfc(text)
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(composed.count)
    for scalar in composed {
      if scalar.value < 0x80 {
        scalars.append((65...90).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar)
      } else {
        scalars.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
      }
    }
    self.scalars = scalars
    kinds = scalars.map(Kind.init)
  }

  /// Calls `body` with the UTF-8 of each word.
  func forEach(_ body: ([UInt8]) -> Void) {
    var position = 0
    while position < scalars.count {
      if let word = typedSpecial(at: position) {
        // Such a token in other letters ("<|ENDOFTEXT|>") is no token, only a match of the pattern. The
        // byte-level step behind it, which splits once more, parts its letters from its signs.
        body(Array("<|".utf8))
        body(Array(word.utf8))
        body(Array("|>".utf8))
        position += word.utf8.count + 4
        continue
      }
      let end = end(of: position)
      if kinds[position] != .space {
        var word: [UInt8] = []
        for scalar in scalars[position..<end] { word.append(contentsOf: scalar.utf8) }
        body(word)
      }
      position = end
    }
  }

  private func typedSpecial(at position: Int) -> String? {
    guard scalars[position] == "<" else { return nil }
    return SpecialToken.allCases.first { token in
      scalars[position...].starts(with: "<|\(token.word)|>".unicodeScalars)
    }?.word
  }

  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map {
    Array($0.unicodeScalars)
  }

  /// Where the match, or the single white space, that starts at `position` ends.
  private func end(of position: Int) -> Int {
    if scalars[position] == "'",
      let match = Self.contractions.first(where: { scalars[position...].starts(with: $0) })
    {
      return position + match.count
    }
    let kind = kinds[position]
    guard kind == .letter || kind == .sign else { return position + 1 }
    return kinds[position...].firstIndex { $0 != kind } ?? kinds.count
  }
}

/// What CLIP's pattern tells apart.
private enum Kind {
  case letter, number, space, sign

  init(_ scalar: Unicode.Scalar) {
    if scalar.value < 0x80 {
      switch scalar.value {
      case 97...122, 65...90: self = .letter
      case 48...57: self = .number
      case 9...13, 32: self = .space
      default: self = .sign
      }
      return
    }
    let properties = scalar.properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
    case .decimalNumber, .letterNumber, .otherNumber: self = .number
    default: self = properties.isWhitespace ? .space : .sign
    }
    // The pattern's engine in the reference knows Unicode 16; letters and numbers added since are signs to
    // it. (Its lower case does know them.)
    if self != .space, let age = properties.age, age.major > 16 { self = .sign }
  }
}
