/// Reads the notation of a `LayerPattern`, from the left; every function leaves `rest` behind what it has read.
struct LayerPatternReader {
  private var rest: ArraySlice<UInt8>
  private var depth = 0

  private static let deepest = 3

  init(_ text: String) { rest = Array(text.utf8)[...] }

  mutating func whole() -> LayerPattern.Node? {
    let choice = choice()
    return rest.isEmpty ? choice : nil
  }

  private mutating func choice() -> LayerPattern.Node? {
    var parts: [LayerPattern.Node] = []
    repeat {
      guard let part = sequence() else { return nil }
      parts.append(part)
    } while take("|")
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() -> LayerPattern.Node? {
    var parts: [LayerPattern.Node] = []
    while let next = rest.first, next != UInt8(ascii: "|"), next != UInt8(ascii: ")") {
      guard let atom = atom(), let part = repeated(atom) else { return nil }
      parts.append(part)
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func repeated(_ atom: LayerPattern.Node) -> LayerPattern.Node? {
    let part: LayerPattern.Node
    if take("*") {
      part = .star(atom)
    } else if take("+") {
      part = .sequence([atom, .star(atom)])
    } else if take("?") {
      part = .choice([atom, .sequence([])])
    } else {
      return atom
    }
    // How much it takes first makes no difference to what fits.
    _ = take("?")
    return part
  }

  private mutating func atom() -> LayerPattern.Node? {
    guard let byte = rest.popFirst() else { return nil }
    switch UnicodeScalar(byte) {
    case ".": return .one(.any)
    case "^": return .start
    case "$": return .end
    case "(": return group()
    case "[": return bracket().map(LayerPattern.Node.one)
    case "\\": return escaped().map(LayerPattern.Node.one)
    case "*", "+", "?", "{", "}": return nil
    default: return .one(.init(ranges: [byte...byte]))
    }
  }

  private mutating func group() -> LayerPattern.Node? {
    // The others of Python's `(?` say more than what fits.
    if take("?"), !take(":") { return nil }
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest, let choice = choice(), take(")") else { return nil }
    return choice
  }

  private mutating func escaped() -> LayerPattern.ByteClass? {
    guard let byte = rest.popFirst() else { return nil }
    switch UnicodeScalar(byte) {
    case "d": return .digit
    case "w": return .word
    default: return LayerPattern.ByteClass.word.contains(byte) ? nil : .init(ranges: [byte...byte])
    }
  }

  /// Behind the `[` of a class.
  private mutating func bracket() -> LayerPattern.ByteClass? {
    var bytes = LayerPattern.ByteClass(ranges: [], isNegated: take("^"))
    // A `]` that comes first is one of them.
    repeat {
      guard let first = member() else { return nil }
      guard first.count == 1, first[0].count == 1, rest.first == UInt8(ascii: "-"),
        rest.dropFirst().first != UInt8(ascii: "]")
      else {
        bytes.ranges += first
        continue
      }
      rest.removeFirst()
      guard let last = member(), last.count == 1, last[0].count == 1,
        first[0].lowerBound <= last[0].lowerBound
      else { return nil }
      bytes.ranges.append(first[0].lowerBound...last[0].lowerBound)
    } while !take("]")
    return bytes
  }

  private mutating func member() -> [ClosedRange<UInt8>]? {
    guard let byte = rest.popFirst() else { return nil }
    return byte == UInt8(ascii: "\\") ? escaped()?.ranges : [byte...byte]
  }

  private mutating func take(_ scalar: UnicodeScalar) -> Bool {
    guard let first = rest.first, UnicodeScalar(first) == scalar else { return false }
    rest.removeFirst()
    return true
  }
}
