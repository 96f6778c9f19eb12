import CLIPTokenizer
import Foundation

/// CLIP's vocabulary: what both text encoders read texts with.
public struct Vocabulary: Sendable {
  let tokenizer: CLIPTokenizer

  /// - Parameter path: `merges.txt`, 48,894 merges.
  /// - Throws: `CheckpointError` when it is missing or not that.
  public init(path: String) throws(CheckpointError) {
    let name = "tokenizer/merges.txt"
    guard let merges = FileManager.default.contents(atPath: path) else {
      throw CheckpointError("\(name) is missing. Run: scripts/fetch-vocabulary")
    }
    do {
      tokenizer = try CLIPTokenizer(merges: Array(merges), file: name)
    } catch {
      throw CheckpointError("\(error)")
    }
  }

  init(_ tokenizer: CLIPTokenizer) { self.tokenizer = tokenizer }
}
