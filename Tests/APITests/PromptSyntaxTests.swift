import HTTP
import Generation
import JSON
import Testing

@testable import API

@Suite struct PromptSyntaxTests {
  @Test(arguments: [
    "", "1girl, solo", #"saber \(fate\)"#, "(a:1.2), [b], ((c))", "a BREAK b", "<lor, b!", "[a:b]",
  ])
  func weightsAndWindowsAreRead(prompt: String) throws {
    for style in PromptStyle.allCases { try PromptSyntax.check(prompt, style: style) }
  }

  @Test(arguments: ["<lora:x:1>", "a <hypernet:b:0.5>", "a AND b", "[a:b:0.5]", "[a:3]", "[a|b]"])
  func whatA1111HasBeyondThemIsRefused(prompt: String) throws {
    let problem = #expect(throws: FieldProblem.self) { try PromptSyntax.check(prompt, style: .a1111) }
    #expect(problem?.type == "value_error")
    #expect(problem?.message.contains("prompt_style \"diffusers\"") == true)
    try PromptSyntax.check(prompt, style: .diffusers)
  }

  @Test(arguments: PromptStyle.allCases)
  func noNUL(style: PromptStyle) {
    #expect(throws: FieldProblem.self) { try PromptSyntax.check("a\0b", style: style) }
  }

  @Test func escapingLeavesNoWeights() {
    #expect(PromptSyntax.escaped(#"(a) [b] \ c"#) == #"\(a\) \[b\] \\ c"#)
  }

  @Test func bothPromptsAreChecked() async throws {
    let bench = try Bench()
    let reply = await bench.post(#"{"prompt": "<lora:x:1>", "negative_prompt": "[a|b]", "steps": 0}"#)
    let places = reply.json["detail"]?.arrayValue?.compactMap { $0["loc"] }
    #expect(places == [["body", "prompt"], ["body", "negative_prompt"], ["body", "steps"]])
    #expect(
      await bench.post(#"{"prompt": "<lora:x:1>", "negative_prompt": "[a|b]", "prompt_style": "diffusers"}"#)
        .status == 200)
  }
}
