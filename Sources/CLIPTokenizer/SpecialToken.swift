/// The two tokens that are matched in the raw text, before anything is normalised.
enum SpecialToken: CaseIterable {
  case start, end

  var id: Int32 { self == .start ? CLIPTokenizer.startOfText : CLIPTokenizer.endOfText }

  /// The letters between `<|` and `|>`.
  var word: String { self == .start ? "startoftext" : "endoftext" }

  /// What is typed to get the token, in UTF-8.
  var literal: [UInt8] { Array("<|\(word)|>".utf8) }

  enum Part: Equatable {
    case text(String)
    case special(SpecialToken)
  }

  /// Cuts a text at every special token. A combining mark behind one does not hide it.
  static func split(_ text: String) -> [Part] {
    let bytes = Array(text.utf8)
    let literals = allCases.map { (token: $0, bytes: $0.literal) }
    var parts: [Part] = []
    var start = 0
    var position = 0
    // Cuts fall beside ASCII, so both sides stay valid UTF-8.
    func cut(_ end: Int) {
      if end > start { parts.append(.text(String(decoding: bytes[start..<end], as: UTF8.self))) }
    }
    while position < bytes.count {
      let match = literals.first {
        bytes[position] == $0.bytes[0] && bytes[position...].starts(with: $0.bytes)
      }
      if let match {
        cut(position)
        parts.append(.special(match.token))
        position += match.bytes.count
        start = position
      } else {
        position += 1
      }
    }
    cut(bytes.count)
    return parts
  }
}
