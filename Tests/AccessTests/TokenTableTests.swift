import Access
import Testing

@Suite struct TokenTableTests {
  private func table(_ text: String) throws -> TokenTable { try TokenTable(text: text) }

  @Test func tokensHaveNames() throws {
    let table = try table("# who may come in\n\nsesame\n  anna  A-z0.9_~+/==  \r\nben\tb\n")
    #expect(table.names == ["key3", "anna", "ben"])
    #expect(table.name(of: "sesame".utf8) == "key3")
    #expect(table.name(of: "A-z0.9_~+/==".utf8) == "anna")
    #expect(table.name(of: "b".utf8) == "ben")
  }

  @Test(arguments: ["", "s", "sesam", "sesame ", "Sesame", "sesamee", "anna", "sesame\0", "sésame"])
  func othersAreNobody(token: String) throws {
    let table = try table("sesame\nanna A")
    #expect(table.name(of: token.utf8) == nil)
    #expect(table.name(of: [UInt8](repeating: 0x61, count: 2000)) == nil)
    #expect(TokenTable.empty.name(of: token.utf8) == nil)
  }

  @Test(arguments: [
    ("a b c", 1), ("ok\nbad\u{1}", 2), ("naïve", 1), ("na:me token", 1), ("a,b", 1),
    (String(repeating: "a", count: 1025), 1), (String(repeating: "a", count: 65) + " b", 1),
  ])
  func malformed(text: String, line: Int) {
    let error = #expect(throws: TokenFileError.self) { try table(text) }
    #expect((error?.kind, error?.line) == (.malformed, line))
  }

  @Test(arguments: ["a x\na y", "a x\nb x", "x\nb x"])
  func repeated(text: String) {
    let error = #expect(throws: TokenFileError.self) { try table(text) }
    #expect(error?.description == "line 2: a name or a token comes twice")
  }

  @Test(arguments: ["", "\n\n", "# sesame", "  \r\n"])
  func withoutTokens(text: String) {
    let error = #expect(throws: TokenFileError.self) { try table(text) }
    #expect(error?.description == "there is no token")
    #expect(TokenTable.empty.isEmpty)
  }
}
