/// CLIP's byte-pair encoding, as transformers' `CLIPTokenizer` does it: NFC, lower case, words by CLIP's
/// pattern, byte-level merges with `</w>` at a word's end.
///
/// Ids follow OpenAI's order: 256 byte units, the same 256 at the end of a word, one token per merge, and the
/// two special tokens last. Source: transformers `models/clip/tokenization_clip.py`; OpenAI's
/// `simple_tokenizer.py` for the order.
public struct CLIPTokenizer: Sendable {
  /// `<|startoftext|>`.
  public static let startOfText: Int32 = 49406
  /// `<|endoftext|>`.
  public static let endOfText: Int32 = 49407
  /// Ids in a row that a text encoder reads, start and end included.
  public static let windowLength = 77
  /// Merges in OpenAI's vocabulary.
  public static let mergeCount = 48_894

  /// What fills a row behind the end token.
  public enum Padding: Sendable {
    /// 49407, as SDXL's first encoder.
    case endOfText
    /// 0, as SDXL's second encoder.
    case zero

    public var id: Int32 { self == .zero ? 0 : CLIPTokenizer.endOfText }
  }

  let merger: BytePairMerger

  /// Reads a vocabulary.
  /// - Parameters:
  ///   - merges: the bytes of `merges.txt`: one merge a line, best first, after an optional `#version` line.
  ///   - file: the name to use in errors.
  ///   - count: the number of merges there must be.
  /// - Throws: `TokenizerError.badMerge` or `wrongMergeCount`.
  public init(
    merges: [UInt8], file: String, count: Int = CLIPTokenizer.mergeCount
  ) throws(TokenizerError) {
    merger = BytePairMerger(merges: try MergeList(merges, file: file, count: count).merges)
  }

  /// The tokens of a text of any length, without start and end.
  ///
  /// `<|startoftext|>` and `<|endoftext|>`, typed exactly so, are one token each wherever they stand; `!` is
  /// the ordinary token 256.
  public func encode(_ text: String) -> [Int32] {
    var ids: [Int32] = []
    for part in SpecialToken.split(text) {
      switch part {
      case .special(let token): ids.append(token.id)
      case .text(let text): Words(text).forEach { merger.append(word: $0, to: &ids) }
      }
    }
    return ids
  }

  /// One row for a text encoder: start, the tokens, end, then padding. `[77]`
  /// - Throws: `TokenizerError.tooManyTokens` for more than 75 tokens; they are never cut.
  public func window(_ tokens: [Int32], padding: Padding) throws(TokenizerError) -> [Int32] {
    let limit = Self.windowLength - 2
    guard tokens.count <= limit else { throw .tooManyTokens(count: tokens.count, limit: limit) }
    let fill = [Int32](repeating: padding.id, count: limit - tokens.count)
    return [Self.startOfText] + tokens + [Self.endOfText] + fill
  }
}
