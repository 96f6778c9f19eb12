import CLIPTokenizer
import Foundation
import TestSupport

/// What the suite reads from disk.
enum Fixture {
  struct MissingVocabulary: Error, CustomStringConvertible {
    let description = "models/tokenizer/merges.txt is missing: run scripts/fetch-vocabulary"
  }

  static func merges() throws -> [UInt8] {
    let file = Repository.models.appending(path: "tokenizer/merges.txt")
    guard let data = try? Data(contentsOf: file) else { throw MissingVocabulary() }
    return [UInt8](data)
  }

  private static let shared = Result { try CLIPTokenizer(merges: merges(), file: "merges.txt") }

  /// Read once: parsing the vocabulary is most of what a test would take.
  static func tokenizer() throws -> CLIPTokenizer { try shared.get() }

  static func decode<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
    let file = Repository.root.appending(path: "Tests/CLIPTokenizerTests/Fixtures/\(name)")
    return try JSONDecoder().decode(type, from: Data(contentsOf: file))
  }
}

/// tokens.json: ids of SDXL's two tokenizers, with start and end.
struct TokenTable: Decodable {
  struct Prompt: Decodable {
    let text: String
    /// Of the first tokenizer, not cut.
    let ids: [Int32]

    private enum CodingKeys: String, CodingKey {
      case text
      case ids = "ids_1"
    }
  }

  struct Row: Decodable {
    let text: String
    /// 77 ids each.
    let encoder1: [Int32]
    let encoder2: [Int32]

    private enum CodingKeys: String, CodingKey {
      case text
      case encoder1 = "encoder_1"
      case encoder2 = "encoder_2"
    }
  }

  let prompts: [Prompt]
  let padded: [Row]
}

/// A row of adversarial.json, which scripts/fixtures/tokens.py makes: ids without start and end.
struct AdversarialPrompt: Decodable {
  let text: String
  let ids: [Int32]
}
