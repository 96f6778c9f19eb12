import CLIPTokenizer
import Testing

@Suite struct CLIPTokenizerTests {
  @Test func exclamationMarkIsAnOrdinaryToken() throws {
    let tokenizer = try Fixture.tokenizer()
    #expect(tokenizer.encode("!") == [256])
    #expect(tokenizer.encode("! !") == [256, 256])
    #expect(tokenizer.encode("!!!") == [995])
  }

  @Test func specialTokensAreMatchedExactlyAndAnywhere() throws {
    let tokenizer = try Fixture.tokenizer()
    #expect(tokenizer.encode("cat<|endoftext|>cat") == [2368, 49407, 2368])
    #expect(tokenizer.encode("<|startoftext|>") == [49406])
    #expect(tokenizer.encode("<|ENDOFTEXT|>") == tokenizer.encode("<| endoftext |>"))
  }

  @Test func emptyAndBlankTextsHaveNoTokens() throws {
    let tokenizer = try Fixture.tokenizer()
    for text in ["", " ", "\t\r\n", "\u{85}\u{A0}\u{3000}"] { #expect(tokenizer.encode(text).isEmpty) }
  }

  @Test func windowHoldsUpTo75Tokens() throws {
    let tokenizer = try Fixture.tokenizer()
    let cats = [Int32](repeating: 2368, count: 75)
    #expect(try tokenizer.window(cats, padding: .zero) == [49406] + cats + [49407])
    #expect(
      try tokenizer.window([], padding: .zero) == [49406, 49407] + [Int32](repeating: 0, count: 75))
    #expect(
      try tokenizer.window([], padding: .endOfText) == [49406] + [Int32](repeating: 49407, count: 76))
    #expect(throws: TokenizerError.tooManyTokens(count: 76, limit: 75)) {
      try tokenizer.window(cats + [2368], padding: .endOfText)
    }
  }

  /// A scan of all pairs per merge takes minutes here; the bound is wide for a busy machine and a debug build.
  @Test(arguments: ["a", "ab", "xq1", "!", "e\u{301}", "\u{301}\u{316}"])
  func longWordsAreNotQuadratic(unit: String) throws {
    let tokenizer = try Fixture.tokenizer()
    let text = String(repeating: unit, count: 100_000 / unit.unicodeScalars.count)
    let clock = ContinuousClock()
    var count = 0
    let time = clock.measure { count = tokenizer.encode(text).count }
    #expect(count > 0)
    #expect(time < .seconds(20), "\(time)")
  }
}
