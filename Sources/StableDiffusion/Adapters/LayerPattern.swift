/// A regular expression that PEFT finds layers by: letters, `.`, classes, groups, alternatives, repetition.
///
/// All ways to match are followed at once: there is no expression that takes time without end.
/// Source: PEFT `utils/other.py`, get_pattern_key: `re.match(rf"(.*\.)?({key})$", name)`.
struct LayerPattern {
  private let root: Node
  /// Of every name that fits, where they all have one.
  private let length: Int?

  /// - Parameter text: in Python's notation.
  /// - Returns: `nil` for what is none, or is beyond the notation above: longer than 128 bytes, groups nested more than
  ///   three deep, a count in braces, a reference, an assertion but `^` and `$`.
  init?(_ text: String) {
    var reader = LayerPatternReader(text)
    guard text.utf8.count <= 128, let root = reader.whole() else { return nil }
    (self.root, length) = (root, root.length)
  }

  /// Whether names of several lengths fit.
  var isOpen: Bool { length == nil }

  func matches(_ name: String) -> Bool {
    let name = Array(name.utf8)
    let starts = [0] + name.indices.filter { name[$0] == UInt8(ascii: ".") }.map { $0 + 1 }
    let possible = starts.filter { length == nil || name.count - $0 == length }
    return !possible.isEmpty && root.ends(in: name, from: possible).contains(name.count)
  }

  indirect enum Node {
    case one(ByteClass)
    case start, end
    case sequence([Node])
    case choice([Node])
    /// Any number of times, none among them.
    case star(Node)

    var length: Int? {
      switch self {
      case .one: return 1
      case .start, .end: return 0
      case .sequence(let parts):
        return parts.reduce(0) { sum, part in sum.flatMap { sum in part.length.map { sum + $0 } } }
      case .choice(let parts):
        let lengths = Set(parts.map(\.length))
        return lengths.count == 1 ? lengths.first ?? nil : nil
      case .star: return nil
      }
    }

    /// Where in `name` it can end that starts at one of `places`.
    func ends(in name: [UInt8], from places: [Int]) -> [Int] {
      switch self {
      case .one(let bytes):
        return places.filter { $0 < name.count && bytes.contains(name[$0]) }.map { $0 + 1 }
      case .start: return places.filter { $0 == 0 }
      case .end: return places.filter { $0 == name.count }
      case .sequence(let parts):
        var places = places
        for part in parts where !places.isEmpty { places = part.ends(in: name, from: places) }
        return places
      case .choice(let parts): return Array(Set(parts.flatMap { $0.ends(in: name, from: places) }))
      case .star(let part):
        var (all, new) = (Set(places), places)
        while !new.isEmpty {
          new = part.ends(in: name, from: new).filter { all.insert($0).inserted }
        }
        return Array(all)
      }
    }
  }

  /// Which bytes fit in one place.
  struct ByteClass {
    var ranges: [ClosedRange<UInt8>]
    var isNegated = false

    static let any = ByteClass(ranges: [0...UInt8.max])
    static let digit = ByteClass(ranges: [UInt8(ascii: "0")...UInt8(ascii: "9")])
    static let word = ByteClass(
      ranges: digit.ranges + [
        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "_")...UInt8(ascii: "_"),
      ])

    func contains(_ byte: UInt8) -> Bool { ranges.contains { $0.contains(byte) } != isNegated }
  }
}
