/// Merges the bytes of a word, best pair first, leftmost first among equals.
///
/// A heap of candidate pairs over a linked list of what is left of the word: n log n for a word of n bytes,
/// so that a request cannot make one long word expensive.
struct BytePairMerger: Sendable {
  /// The rank of a merge by its two halves, packed into one key.
  private let ranks: [UInt64: Int32]

  init(merges: [(left: Int32, right: Int32)]) {
    var ranks: [UInt64: Int32] = [:]
    ranks.reserveCapacity(merges.count)
    for (rank, merge) in merges.enumerated() { ranks[Self.key(merge.left, merge.right)] = Int32(rank) }
    self.ranks = ranks
  }

  /// Appends the tokens of one word, given as UTF-8; an empty word has none.
  func append(word: [UInt8], to ids: inout [Int32]) {
    guard !word.isEmpty else { return }
    var symbols = Symbols(word)
    var candidates = PairHeap()
    func consider(_ position: Int32) {
      if let rank = rank(at: position, in: symbols) { candidates.push(rank: rank, position: position) }
    }
    for position in 0..<Int32(word.count) { consider(position) }
    while let (rank, position) = candidates.popFirst() {
      // A neighbour may have been merged since: then another pair, or none, stands here.
      guard self.rank(at: position, in: symbols) == rank else { continue }
      symbols.merge(at: position, into: Int32(MergeList.firstMerge) + rank)
      consider(position)
      if let previous = symbols.previous(of: position) { consider(previous) }
    }
    symbols.append(to: &ids)
  }

  private func rank(at position: Int32, in symbols: Symbols) -> Int32? {
    guard let pair = symbols.pair(at: position) else { return nil }
    return ranks[Self.key(pair.left, pair.right)]
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }
}

/// A word as a doubly linked list of tokens. A token keeps the position of its first byte.
private struct Symbols {
  private var ids: [Int32]
  private var next: [Int32]
  private var before: [Int32]
  private static let merged: Int32 = -1

  init(_ word: [UInt8]) {
    ids = word.map { ByteUnits.ids[Int($0)] }
    ids[word.count - 1] += ByteUnits.endOfWord
    next = (0..<Int32(word.count)).map { $0 + 1 }
    before = (0..<Int32(word.count)).map { $0 - 1 }
  }

  func previous(of position: Int32) -> Int32? {
    let previous = before[Int(position)]
    return previous < 0 ? nil : previous
  }

  /// The token here and the one behind it; `nil` when either is gone.
  func pair(at position: Int32) -> (left: Int32, right: Int32)? {
    let (left, right) = (ids[Int(position)], Int(next[Int(position)]))
    return left == Self.merged || right >= ids.count ? nil : (left, ids[right])
  }

  /// Replaces the token here and the one behind it by `id`.
  mutating func merge(at position: Int32, into id: Int32) {
    let gone = Int(next[Int(position)])
    ids[Int(position)] = id
    ids[gone] = Self.merged
    next[Int(position)] = next[gone]
    if Int(next[gone]) < ids.count { before[Int(next[gone])] = position }
  }

  func append(to list: inout [Int32]) {
    for id in ids where id != Self.merged { list.append(id) }
  }
}

/// A binary heap of pairs, lowest rank first, then lowest position.
private struct PairHeap {
  /// Rank in the high half, position in the low one.
  private var keys: [UInt64] = []

  mutating func push(rank: Int32, position: Int32) {
    var child = keys.count
    keys.append(UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(UInt32(bitPattern: position)))
    while child > 0, keys[child] < keys[(child - 1) / 2] {
      keys.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popFirst() -> (rank: Int32, position: Int32)? {
    guard let first = keys.first, let last = keys.popLast() else { return nil }
    if !keys.isEmpty {
      keys[0] = last
      var parent = 0
      while true {
        var child = 2 * parent + 1
        guard child < keys.count else { break }
        if child + 1 < keys.count, keys[child + 1] < keys[child] { child += 1 }
        guard keys[child] < keys[parent] else { break }
        keys.swapAt(child, parent)
        parent = child
      }
    }
    return (Int32(truncatingIfNeeded: first >> 32), Int32(truncatingIfNeeded: first & 0xFFFF_FFFF))
  }
}
