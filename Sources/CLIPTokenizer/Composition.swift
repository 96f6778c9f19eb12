/// Normalisation form C, as the reference's tokenizer does it: with the tables of Unicode 9.
///
/// Characters added since stay as they are, and marks do not move past them. (tokenizers 0.23 normalises with
/// the crate unicode-normalization-alignments.) Foundation's form C is of a later version, joins some
/// characters beyond U+FFFF wrongly, and takes quadratic time over a long row of marks.
enum Composition {
  private static let newestKnown = 9

  /// A character and its combining class: 0 for a starter, which marks do not move past.
  private typealias Ordered = (scalar: Unicode.Scalar, order: UInt8)

  /// Source: Unicode Standard, section 3.11, D108 to D117.
  static func nfc(_ text: String) -> [Unicode.Scalar] {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return Array(text.unicodeScalars) }
    var characters = decomposed(text)
    putMarksInOrder(&characters)
    return composed(characters)
  }

  private static func decomposed(_ text: String) -> [Ordered] {
    let mappings = CanonicalMappings.unicode9
    var result: [Ordered] = []
    for scalar in text.unicodeScalars {
      if scalar.value < 0xC0 {
        result.append((scalar, 0))
      } else {
        mappings.decompose(scalar) { result.append(($0, order(of: $0))) }
      }
    }
    return result
  }

  private static func order(of scalar: Unicode.Scalar) -> UInt8 {
    guard let age = scalar.properties.age, age.major <= newestKnown else { return 0 }
    return scalar.properties.canonicalCombiningClass.rawValue
  }

  /// Sorts each row of marks by class; the sort is stable, as it must be.
  private static func putMarksInOrder(_ characters: inout [Ordered]) {
    var start = 0
    while start < characters.count {
      let end = characters[start...].firstIndex { $0.order == 0 } ?? characters.count
      if end - start > 1 { characters[start..<end].sort { $0.order < $1.order } }
      start = end + 1
    }
  }

  private static func composed(_ characters: [Ordered]) -> [Unicode.Scalar] {
    let mappings = CanonicalMappings.unicode9
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(characters.count)
    var starter: Int?
    // Class of the last character kept behind the starter; 0 when there is none.
    var last: UInt8 = 0
    for (scalar, order) in characters {
      // A mark joins the starter unless one of its own class or a higher stands between.
      if let starter, last == 0 || last < order, let whole = mappings.compose(result[starter], scalar) {
        result[starter] = whole
        continue
      }
      if order == 0 { starter = result.count }
      last = order
      result.append(scalar)
    }
    return result
  }
}
