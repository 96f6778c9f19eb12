import CLIPTokenizer
import Testing

/// Reading merges.txt: what is taken and what is refused.
@Suite struct VocabularyTests {
  private func read(_ text: String, count: Int) throws(TokenizerError) -> CLIPTokenizer {
    try CLIPTokenizer(merges: Array(text.utf8), file: "cut.txt", count: count)
  }

  @Test func readsWithAndWithoutTheVersionLineAndLastNewline() throws {
    for text in ["i n\nin g</w>", "#version: 0.2\ni n\nin g</w>\n"] {
      let tokenizer = try read(text, count: 2)
      // Merge n has the id 512 + n; without merges "ing" would be three byte units.
      #expect(tokenizer.encode("ing") == [513])
      #expect(tokenizer.encode("in") == [72, 77 + 256])
    }
  }

  @Test func takesTheBestPairFirstAndTheLeftmostAmongEquals() throws {
    let tokenizer = try read("a a\nb c\na b\n", count: 3)
    #expect(tokenizer.encode("aaax") == [512, 64, 87 + 256])
    #expect(tokenizer.encode("abcx") == [64, 513, 87 + 256])
    #expect(tokenizer.encode("abx") == [514, 87 + 256])
  }

  @Test(arguments: [
    ("i n\nin", 2), ("i n\ni n g", 2), ("i n\n\n", 2), ("i n\nin  g", 2), ("i n\r\n", 1), (" i n", 1),
    ("i ", 1),
  ])
  func refusesALineThatIsNoMerge(text: String, line: Int) {
    #expect(throws: TokenizerError.self) { try read(text, count: 2) }
    #expect(badLine(of: text) == line)
  }

  @Test func refusesUnknownAndRepeatedTokens() {
    #expect(badLine(of: "in g</w>\n") == 1)
    #expect(badLine(of: "i n\ni n\n") == 2)
    #expect(badLine(of: "i n\nn g\ni ng\nin g\n", count: 9) == 4)
    #expect(badLine(of: "i n\n#version: 0.2\n") == 2)
    #expect(badLine(of: "i\u{FFFD} n\n") == 1)
  }

  @Test func refusesTooFewAndTooManyMerges() throws {
    #expect(throws: TokenizerError.wrongMergeCount(file: "cut.txt", expected: 3, found: 1)) {
      try read("i n\n", count: 3)
    }
    #expect(throws: TokenizerError.wrongMergeCount(file: "cut.txt", expected: 1, found: 2)) {
      try read("i n\nn g\n", count: 1)
    }
    let merges = try Fixture.merges()
    let cut = merges.dropLast(2).lastIndex(of: UInt8(ascii: "\n")) ?? 0
    #expect(
      throws: TokenizerError.wrongMergeCount(file: "merges.txt", expected: 48_894, found: 48_893)
    ) {
      try CLIPTokenizer(merges: Array(merges[...cut]), file: "merges.txt")
    }
  }

  @Test func errorsNameTheFileAndTheLine() {
    let error = TokenizerError.badMerge(file: "cut.txt", line: 7, reason: "why")
    #expect("\(error)" == "cut.txt, line 7: why")
  }

  private func badLine(of text: String, count: Int = 2) -> Int? {
    do throws(TokenizerError) {
      _ = try read(text, count: count)
    } catch .badMerge(_, let line, _) {
      return line
    } catch {}
    return nil
  }
}
