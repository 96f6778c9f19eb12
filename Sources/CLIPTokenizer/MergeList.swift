/// The merges of a vocabulary as ids.
struct MergeList {
  /// One per merge, best first: the ids of the two halves. The result of merge `n` has the id `512 + n`.
  private(set) var merges: [(left: Int32, right: Int32)] = []

  /// 256 byte units and 256 more with `</w>`.
  static let firstMerge = 512

  init(_ text: [UInt8], file: String, count: Int) throws(TokenizerError) {
    var ids = ByteUnits.vocabulary
    ids.reserveCapacity(Self.firstMerge + count)
    merges.reserveCapacity(count)
    var line = 0
    for words in Lines(text) {
      line += 1
      if line == 1, words.starts(with: Array("#version".utf8)) { continue }
      func refuse(_ reason: String) -> TokenizerError { .badMerge(file: file, line: line, reason: reason) }
      let halves = words.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard halves.count == 2 else { throw refuse("expected two tokens and one space between them") }
      guard let left = ids[Array(halves[0])], let right = ids[Array(halves[1])] else {
        throw refuse("a half is not a token that an earlier line makes")
      }
      let merged = Array(halves[0] + halves[1])
      guard ids.updateValue(Int32(Self.firstMerge + merges.count), forKey: merged) == nil else {
        throw refuse("the token is made twice")
      }
      merges.append((left, right))
      guard merges.count <= count else {
        throw .wrongMergeCount(file: file, expected: count, found: merges.count)
      }
    }
    guard merges.count == count else {
      throw .wrongMergeCount(file: file, expected: count, found: merges.count)
    }
  }
}

/// Lines ended by LF; the last may lack it.
private struct Lines: Sequence, IteratorProtocol {
  private let text: [UInt8]
  private var position = 0

  init(_ text: [UInt8]) { self.text = text }

  mutating func next() -> ArraySlice<UInt8>? {
    guard position < text.count else { return nil }
    let end = text[position...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
    defer { position = end + 1 }
    return text[position..<end]
  }
}
