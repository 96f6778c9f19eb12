import Testing

@testable import Registry

@Suite struct TOMLKeyLinesTests {
  static let document = """
    # id = "comment"
    id = "a" # [table]
    'quoted key'."and dotted".bare = 1
    long = \"\"\"
    inside = 1
    \\\"\"\" still ""
    inside2 = 2\"\"\"\"\"
    literal = '''
    [not.a.table]
    it's'''
    empty = ''
    list = [ # ]
      "]", ']', # "
      { inline = 1 },
    ]
    after = { a = "}" }
    [table] # id
    id = 2
    [ table . sub ]
      id=3
    [[rows]]
    x = 1
    [[rows]]
    x = 2
    """

  static let expected: [(path: [String], line: Int?)] = [
    (["id"], 2), (["quoted key", "and dotted", "bare"], 3), (["quoted key"], 3), (["long"], 4),
    (["inside"], nil), (["inside2"], nil), (["literal"], 8), (["not"], nil), (["empty"], 11), (["list"], 12),
    (["inline"], nil), (["after"], 16), (["after", "a"], 16), (["table"], 17), (["table", "id"], 18),
    (["table", "absent"], 17), (["table", "sub"], 19), (["table", "sub", "id"], 20), (["rows"], 21),
    (["rows", "x"], 22), (["absent"], nil), ([], nil),
  ]

  @Test(arguments: [("", "\n"), ("", "\r\n"), ("\u{FEFF}", "\n")])
  func everyKeyHasItsLine(mark: String, lineBreak: String) throws {
    let text =
      mark
      + Self.document.split(separator: "\n", omittingEmptySubsequences: false)
      .joined(separator: lineBreak)
    // The document is TOML: else its lines would mean nothing.
    _ = try TOMLDocument(Array(text.utf8))
    let lines = TOMLKeyLines(Array(text.utf8))
    for (path, line) in Self.expected {
      #expect(lines.line(of: path) == line, "\(path)")
    }
  }

  @Test func aCutDocumentIsWalkedToItsEnd() {
    let bytes = Array(Self.document.utf8)
    for count in 0..<bytes.count {
      let lines = TOMLKeyLines(Array(bytes[..<count]))
      #expect(lines.line(of: ["id"]) == (count > 18 ? 2 : nil), "\(count)")
    }
  }
}
