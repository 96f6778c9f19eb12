import HTTP
import Generation
import JSON
import Testing

@testable import API

@Suite struct PromptSyntaxTests {
  @Test(arguments: [
    ("", ""), ("1girl, solo", "1girl, solo"), (#"saber \(fate\)"#, "saber (fate)"), (#"\[x\] \\"#, #"[x] \"#),
    (#"\\\("#, #"\("#), (#"a\b\"#, "ab"),
    ("BREAKFAST, outBREAK, BREAK_a, éBREAK, break", "BREAKFAST, outBREAK, BREAK_a, éBREAK, break"),
    ("a:1.2, <lor, b!", "a:1.2, <lor, b!"), (#"(\)"#.replacing("(", with: #"\("#), "()"),
  ])
  func escapes(prompt: String, text: String) throws {
    #expect(try PromptSyntax.plainText(prompt, style: .a1111) == text)
  }

  @Test(arguments: [
    "(a)", "(a:1.2)", "a)", "(", "[a]", "]", "saber_(fate)", "a BREAK b", "BREAK", "a,BREAK,b", #"\BREAK"#,
    "<lora:x:1>", "a <lora:", #"\\(a)"#,
  ])
  func weightsAreRefused(prompt: String) throws {
    let problem = #expect(throws: FieldProblem.self) { try PromptSyntax.plainText(prompt, style: .a1111) }
    #expect(problem?.type == "value_error")
    #expect(problem?.message.contains("prompt_style \"diffusers\"") == true)
  }

  @Test func diffusersReadsPlainText() throws {
    let prompt = #"(a:1.2) [b] BREAK <lora:x:1> \( \"#
    #expect(try PromptSyntax.plainText(prompt, style: .diffusers) == prompt)
    #expect(throws: FieldProblem.self) { try PromptSyntax.plainText("a!", style: .diffusers) }
  }

  @Test(arguments: [PromptStyle.a1111, .diffusers])
  func noNUL(style: PromptStyle) {
    #expect(throws: FieldProblem.self) { try PromptSyntax.plainText("a\0b", style: style) }
  }

  @Test(arguments: [#"(a) [b] \ c"#, #"\(x\)"#, ""])
  func escapingIsUndone(prompt: String) throws {
    #expect(try PromptSyntax.plainText(PromptSyntax.escaped(prompt), style: .a1111) == prompt)
  }

  @Test func bothPromptsAreChecked() async throws {
    let bench = try Bench()
    let reply = await bench.post(#"{"prompt": "(a)", "negative_prompt": "[b]", "steps": 0}"#)
    let places = reply.json["detail"]?.arrayValue?.compactMap { $0["loc"] }
    #expect(places == [["body", "prompt"], ["body", "negative_prompt"], ["body", "steps"]])
    #expect(
      await bench.post(#"{"prompt": "(a)", "negative_prompt": "[b]", "prompt_style": "diffusers"}"#).status
        == 200)
  }
}
