import Generation
import HTTP
import JSON
import Testing

@testable import API

@Suite struct PromptSyntaxTests {
  /// Text, weights and windows: all there is to refuse is elsewhere.
  @Test(arguments: [
    "", "1girl, solo", "(a:1.2)", "(a", "a)", "[big]", "[[night]] sky", "[a", "a]", "a BREAK b", "a: b",
    "a:0.5", "a|b",
    "(a|b)", "(a:b:0.5)", "[a:b]", "[a:b:c]", "[a:b:c:0.5]", "[(a:0.5)]", "[a:0.5", "[a:1.2.3]", "[a:.]",
    "[a:]", "[:]",
    "[a:1_0]", "[a:0.5e]", "[a) :0.5]", "[a (b:0.5]", "[a (b|c]", #"\[a:0.5\]"#, #"\[a|b\]"#, #"[a\:0.5]"#,
    #"[a\|b]"#,
    #"[a:0.5\]"#, "and AND_b bAND ANDé ½AND BRAND", "<3", "a < b: c > d", "<a:>", "<:x>", "<lora:",
    "<lora:x:1", "<a b:c>",
    "<lora:x:1>", "<lyco:z>", "a <lora:[a|b]:1>", "<|endoftext|>", #"saber \(fate\)"#, "embedding:x",
  ])
  func plainUnderA1111(prompt: String) throws {
    try PromptSyntax.check(prompt, style: .a1111, side: .positive)
  }

  @Test(arguments: [
    ("[a:b:0.5]", "editing"), ("[a:0.5]", "editing"), ("[a::10]", "editing"), ("[:a:0.5]", "editing"),
    ("[a:.5]", "editing"),
    ("[a:1.]", "editing"), ("[a:-1]", "editing"), ("[a: 0.5 ]", "editing"), ("[a:1e1]", "editing"),
    ("[:0.5]", "editing"),
    ("[(a:1.2):0.5]", "editing"), ("[a:[b:c:0.2]]", "editing"), ("(x [a:0.5]:1.2)", "editing"),
    ("( [a:0.5]", "editing"),
    (#"\\[a:0.5]"#, "editing"), ("[a\u{1F}:\u{3000}0.5\n]", "editing"), ("[a|b]", "alternation"),
    ("[|]", "alternation"),
    ("[a|b|]", "alternation"), ("x [(a:1.2)|b] y", "alternation"), ("[[a|b]]", "alternation"),
    ("a AND b", "AND"),
    ("AND", "AND"), ("a,AND:1.2", "AND"), ("(a AND b)", "AND"), ("<lora:x:1:2>", "weights that differ"),
    ("a <hypernet:y:0.5> b", "<lora"),
    ("<lora:x", ""), ("<<a:b>", "<lora"), ("<é1:b>", "<lora"),
  ])
  func refusedUnderA1111(prompt: String, named: String) throws {
    guard !named.isEmpty else { return try PromptSyntax.check(prompt, style: .a1111, side: .positive) }
    let problem = #expect(throws: FieldProblem.self) {
      try PromptSyntax.check(prompt, style: .a1111, side: .positive)
    }
    #expect(problem?.type == "value_error")
    #expect(problem?.message.contains(named) == true)
    #expect(problem?.message.contains("prompt_style \"diffusers\"") == true)
  }

  @Test func otherStylesHaveOtherSyntax() throws {
    let prompt = #"[a|b] [a:0.5] (a:1.2) AND BREAK <lora:x:1> \( \ ! "#
    try PromptSyntax.check(prompt, style: .diffusers, side: .positive)
    try PromptSyntax.check(prompt, style: .comfy, side: .positive)
  }

  @Test func comfysNamesOfEmbeddings() {
    for (text, name) in [
      ("embedding:x", "x"), ("a embedding:x-1, b", "x-1"), ("(embedding:x:1.2)", "x"),
      ("a\nembedding:x", "x"),
    ] {
      #expect(PromptSyntax.embeddingNamed(in: text) == name)
    }
    #expect(PromptSyntax.embeddingNamed(in: "an embedding : x, myembedding:x") == nil)
  }

  @Test(arguments: PromptStyle.allCases) func noNUL(style: PromptStyle) {
    #expect(throws: FieldProblem.self) { try PromptSyntax.check("a\0b", style: style, side: .positive) }
  }

  @Test func escapes() {
    #expect(PromptSyntax.escaped(#"(a) [b] \ c"#) == #"\(a\) \[b\] \\ c"#)
    #expect(PromptSyntax.escaped("") == "")
  }

  @Test func theStyleIsTheBodys() {
    #expect(PromptStyle(asked: nil) == .a1111)
    #expect(PromptStyle(asked: "comfy") == .comfy)
    #expect(PromptStyle(asked: "diffusers") == .diffusers)
    #expect(PromptStyle(asked: 1) == .a1111)
  }

  /// The bound is wide for a busy machine and a debug build.
  @Test(arguments: [
    "[", "(", "[a:", "[a:1", "[1:", "<a:", "<", "[a:  ", "A", "AND_", "]", "|", "[|", "embedding", "\\", "[(",
    "[:1(", "(:1]",
  ])
  func hostileTextsTakeNoLonger(unit: String) throws {
    let text = String(repeating: unit, count: 10_000 / unit.utf8.count)
    let time = ContinuousClock().measure {
      for style in PromptStyle.allCases { try? PromptSyntax.check(text, style: style, side: .positive) }
    }
    #expect(time < .seconds(5), "\(time)")
  }

  @Test func bothPromptsAreChecked() async throws {
    let bench = try Bench()
    let reply = await bench.post(#"{"prompt": "[a|b]", "negative_prompt": "a AND b", "steps": 0}"#)
    let places = reply.json["detail"]?.arrayValue?.compactMap { $0["loc"] }
    #expect(places == [["body", "prompt"], ["body", "negative_prompt"], ["body", "steps"]])
    #expect(
      await bench.post(#"{"prompt": "[a|b]", "negative_prompt": "a AND b", "prompt_style": "diffusers"}"#)
        .status
        == 200)
  }

  /// The engine reads it in the style it was sent for.
  @Test func thePromptIsPassedOnAsItWasSent() async throws {
    let bench = try Bench()
    let body = #"{"prompt": "(a:1.2) \\(b\\) BREAK c", "negative_prompt": "[d]"}"#
    #expect(await bench.post(body).status == 200)
    let request = try #require(bench.engine.requests.first)
    #expect(request.prompt == #"(a:1.2) \(b\) BREAK c"#)
    #expect(request.negativePrompt == .text("[d]"))
    #expect(request.promptStyle == .a1111)
  }
}
