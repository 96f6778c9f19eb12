import Generation
import HTTP
import JSON
import Registry
import Testing

/// A negative prompt that the registry filled in is not the client's mistake.
@Suite struct DefaultNegativePromptTests {
  private func bench(_ negativePrompt: String, _ engine: ScriptedEngine = ScriptedEngine()) throws -> Bench {
    var entry = ModelEntry.plain
    entry.negativePrompt = negativePrompt
    return try Bench(engine: engine, models: [entry])
  }

  @Test func networksInItMakeTheModelUnusable() async throws {
    let bench = try bench("<lora:bad:1>")
    for field in ["", #", "negative_prompt": null"#] {
      let reply = await bench.post(#"{"prompt": "a"\#(field)}"#)
      #expect((reply.status, reply.json["code"]) == (503, "model_not_loaded"))
      let detail = try #require(reply.json["detail"]?.stringValue)
      #expect(
        detail.hasPrefix(
          "Model not loaded: m: its default negative_prompt cannot be used: <lora:…>"))
    }
    #expect(bench.engine.requests.isEmpty)
  }

  @Test func aClientMayDoWithoutIt() async throws {
    let bench = try bench("<lora:bad:1>")
    #expect(await bench.post(#"{"prompt": "a", "negative_prompt": "bad"}"#).status == 200)
    #expect(await bench.post(#"{"prompt": "a", "prompt_style": "diffusers"}"#).status == 200)
    #expect(
      bench.engine.requests.map(\.negativePrompt) == [.text("bad"), .text("<lora:bad:1>")])
  }

  @Test func networksThatTheClientSentAreItsMistake() async throws {
    let reply = try await bench("bad").post(#"{"prompt": "a", "negative_prompt": "<lora:bad:1>"}"#)
    #expect(reply.status == 422)
    #expect(reply.json["detail"]?.arrayValue?.first?["loc"] == ["body", "negative_prompt"])
  }

  @Test func tooLongForTheEngine() async throws {
    let engine = ScriptedEngine { _ in
      throw GenerationError(.invalidRequest, "80 tokens; at most 75", field: "negative_prompt")
    }
    let bench = try bench("lowres", engine)
    let filledIn = await bench.post(#"{"prompt": "a"}"#)
    #expect(filledIn.status == 503)
    #expect(
      filledIn.json == [
        "detail": "Model not loaded: m: its default negative_prompt cannot be used: 80 tokens; at most 75",
        "code": "model_not_loaded",
      ])
    let sent = await bench.post(#"{"prompt": "a", "negative_prompt": "bad"}"#)
    #expect(sent.status == 422)
    #expect(sent.json["detail"]?.arrayValue?.first?["loc"] == ["body", "negative_prompt"])
    #expect(sent.json["detail"]?.arrayValue?.first?["input"] == "bad")
  }

  @Test func embeddingsInItMakeTheModelUnusable() async throws {
    let bench = try bench("lowres, wrong, embedding:gone")
    try bench.add("embeddings/wrong.safetensors", "decoder.conv_in.weight", [1, 4, 1, 1])
    for (style, why) in [
      ("comfy", "Unknown embedding: gone. Available: wrong"),
      ("a1111", "wrong.safetensors is a VAE, not a textual inversion"),
    ] {
      let filledIn = await bench.post(#"{"prompt": "a", "prompt_style": "\#(style)"}"#)
      #expect((filledIn.status, filledIn.json["code"]) == (503, "model_not_loaded"))
      let said = "Model not loaded: m: its default negative_prompt cannot be used: \(why)"
      #expect(filledIn.json["detail"] == .string(said))
      let sent = await bench.post(
        #"{"prompt": "a", "negative_prompt": "wrong, embedding:gone", "prompt_style": "\#(style)"}"#)
      #expect(sent.status == (style == "comfy" ? 404 : 422))
    }
    #expect(bench.engine.requests.isEmpty)
  }

  @Test func theClientsPromptStaysItsOwn() async throws {
    let engine = ScriptedEngine { _ in
      throw GenerationError(.invalidRequest, "80 tokens; at most 75", field: "prompt")
    }
    let reply = try await bench("lowres", engine).post(#"{"prompt": "a"}"#)
    #expect(reply.status == 422)
    #expect(reply.json["detail"]?.arrayValue?.first?["loc"] == ["body", "prompt"])
  }
}
