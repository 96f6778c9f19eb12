import CLIPTokenizer
import Testing

/// Every id against transformers' CLIPTokenizer.
@Suite struct ReferenceTests {
  @Test func matchesTheReferenceTable() throws {
    let tokenizer = try Fixture.tokenizer()
    let table = try Fixture.decode("tokens.json", as: TokenTable.self)
    #expect(table.prompts.count == 318)
    for prompt in table.prompts {
      let ids = [CLIPTokenizer.startOfText] + tokenizer.encode(prompt.text) + [CLIPTokenizer.endOfText]
      #expect(ids == prompt.ids, "\(escaped(prompt.text))")
    }
  }

  @Test func matchesOnAdversarialPrompts() throws {
    let tokenizer = try Fixture.tokenizer()
    let prompts = try Fixture.decode("adversarial.json", as: [AdversarialPrompt].self)
    #expect(prompts.count == 620)
    for prompt in prompts {
      #expect(tokenizer.encode(prompt.text) == prompt.ids, "\(escaped(prompt.text))")
    }
  }

  @Test func padsAsTheTwoEncodersDo() throws {
    let tokenizer = try Fixture.tokenizer()
    let table = try Fixture.decode("tokens.json", as: TokenTable.self)
    var tooLong = 0
    for row in table.padded {
      let tokens = tokenizer.encode(row.text)
      guard tokens.count <= 75 else {
        // The reference cuts here; a window never does.
        tooLong += 1
        #expect(throws: TokenizerError.tooManyTokens(count: tokens.count, limit: 75)) {
          try tokenizer.window(tokens, padding: .zero)
        }
        continue
      }
      #expect(try tokenizer.window(tokens, padding: .endOfText) == row.encoder1)
      // The reference's second tokenizer reads "!" as padding, Darkroom as text.
      if !row.text.contains("!") {
        #expect(try tokenizer.window(tokens, padding: .zero) == row.encoder2)
      }
    }
    #expect(table.padded.count - tooLong >= 3)
  }

  private func escaped(_ text: String) -> String {
    text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
  }
}
