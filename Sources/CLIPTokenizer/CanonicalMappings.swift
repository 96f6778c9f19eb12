/// What a character is made of, and what two characters make. Source: Unicode Standard, section 3.11.
struct CanonicalMappings: Sendable {
  static let unicode9 = CanonicalMappings(CanonicalTable.text)

  private var parts: [Unicode.Scalar: [Unicode.Scalar]] = [:]
  private var composites: [UInt64: Unicode.Scalar] = [:]

  private init(_ table: String) {
    func scalar(_ hex: Substring) -> Unicode.Scalar? { UInt32(hex, radix: 16).flatMap(Unicode.Scalar.init) }
    for entry in table.split(whereSeparator: \.isWhitespace) {
      let sides = entry.split { $0 == "=" || $0 == "!" }
      guard sides.count == 2, let whole = scalar(sides[0]) else { continue }
      let mapping = sides[1].split(separator: "+").compactMap(scalar)
      parts[whole] = mapping
      if entry.contains("="), mapping.count == 2 { composites[Self.key(mapping[0], mapping[1])] = whole }
    }
  }

  /// Calls `body` with each character of the full decomposition.
  func decompose(_ scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
    if let parts = parts[scalar] {
      // A table entry is one step; its first part may have one too.
      for part in parts { decompose(part, body) }
    } else if let parts = Hangul.parts(of: scalar) {
      for part in parts { body(part) }
    } else {
      body(scalar)
    }
  }

  func compose(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    composites[Self.key(first, second)] ?? Hangul.compose(first, second)
  }

  private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
    UInt64(first.value) << 32 | UInt64(second.value)
  }
}

/// Syllables as leading consonant, vowel and trailing consonant. Source: Unicode Standard, section 3.12.
private enum Hangul {
  private static let leading: UInt32 = 0x1100
  private static let vowel: UInt32 = 0x1161
  /// One below the first trailing consonant: 0 stands for none.
  private static let trailing: UInt32 = 0x11A7
  private static let syllable: UInt32 = 0xAC00
  private static let counts: (leading: UInt32, vowel: UInt32, trailing: UInt32) = (19, 21, 28)
  private static let syllables: UInt32 = counts.leading * counts.vowel * counts.trailing

  static func parts(of scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
    guard (syllable..<syllable + syllables).contains(scalar.value) else { return nil }
    let index = scalar.value - syllable
    let rest = index % counts.trailing
    let values = [
      leading + index / (counts.vowel * counts.trailing),
      vowel + index % (counts.vowel * counts.trailing) / counts.trailing,
    ]
    return (values + (rest == 0 ? [] : [trailing + rest])).compactMap(Unicode.Scalar.init)
  }

  static func compose(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    let (a, b) = (first.value, second.value)
    if (leading..<leading + counts.leading).contains(a), (vowel..<vowel + counts.vowel).contains(b) {
      let index = (a - leading) * counts.vowel + (b - vowel)
      return Unicode.Scalar(syllable + index * counts.trailing)
    }
    let isOpen = (syllable..<syllable + syllables).contains(a) && (a - syllable) % counts.trailing == 0
    guard isOpen, (trailing + 1..<trailing + counts.trailing).contains(b) else { return nil }
    return Unicode.Scalar(a + (b - trailing))
  }
}
