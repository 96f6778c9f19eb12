/// The 256 byte units every vocabulary starts with.
///
/// A vocabulary file shows a byte as one printable character: itself where Latin-1 has one, else the next
/// from U+0100 on. Ids count the printable bytes first. Source: OpenAI's `simple_tokenizer.py`,
/// `bytes_to_unicode`.
enum ByteUnits {
  private static let printable: [UInt8] = Array(33...126) + Array(161...172) + Array(174...255)

  /// Bytes in the order of their ids.
  private static let order: [UInt8] = printable + (0...255).filter { !printable.contains($0) }

  /// Id of a byte inside a word; the id at a word's end is 256 more.
  static let ids: [Int32] = {
    var ids = [Int32](repeating: 0, count: 256)
    for (id, byte) in order.enumerated() { ids[Int(byte)] = Int32(id) }
    return ids
  }()

  static let endOfWord: Int32 = 256

  /// The units as a vocabulary file writes them, in UTF-8, and their ids.
  static var vocabulary: [[UInt8]: Int32] {
    var units: [[UInt8]: Int32] = [:]
    for (id, byte) in order.enumerated() {
      let shown = UInt8(exactly: id).flatMap { $0 < printable.count ? UInt32(byte) : nil }
      let scalar = Unicode.Scalar(shown ?? UInt32(256 + id - printable.count)) ?? "\u{FFFD}"
      let text = Array(String(scalar).utf8)
      units[text] = Int32(id)
      units[text + Array("</w>".utf8)] = Int32(id) + endOfWord
    }
    return units
  }
}
