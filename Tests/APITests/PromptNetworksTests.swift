import Foundation
import Generation
import HTTP
import Images
import JSON
import Testing

@testable import API

/// LoRAs and textual inversions that are named in prompts.
@Suite struct PromptNetworksTests {
  @Test(
    arguments: [
      ("", "", []), ("a < b: c > d", "a < b: c > d", []), ("a <lora:x:0.8>, b", "a , b", [("x", 0.8)]),
      ("<lora:x>", "", [("x", 1)]), ("<lora:my style: -1.5 ><lyco:y:4>", "", [("my style", -1.5), ("y", 4)]),
      ("<<lora:x:1>>", "<>", [("x", 1)]), ("<lora:>", "<lora:>", []), ("<lora:x:1", "<lora:x:1", []),
      ("<lora:x:0.8: 0.80 >", "", [("x", 0.8)]), ("<lora:[a|b]:1> [c", " [c", [("[a|b]", 1)]),
    ] as [(String, String, [(String, Double)])])
  func takenOut(prompt: String, text: String, loras: [(String, Double)]) throws {
    let networks = try PromptNetworks(prompt)
    #expect(networks.text == text)
    #expect(networks.loras == loras.map { PromptNetworks.LoRA(name: $0.0, scale: $0.1) })
  }

  @Test(arguments: [
    "<hypernet:x:1>", "<lora:x:1:0.5>", "<lora:x:1:1:1>", "<lora:x:1:y>", "<lora:x:te=1>", "<lora:x:5>",
    "<lora:x:nan>", "<lora:x:>",
  ])
  func refused(prompt: String) async throws {
    #expect(throws: FieldProblem.self) { try PromptNetworks(prompt) }
    let reply = try await Bench().post(#"{"prompt": "a \#(prompt)"}"#)
    #expect((reply.status, reply.places) == (422, ["prompt"]))
  }

  @Test func appliedAfterTheFields() async throws {
    let bench = try Bench()
    for name in ["a", "b", "c", "d e"] { try bench.add("loras/\(name).safetensors", Bench.lora) }
    let reply = await bench.post(
      #"{"prompt": "x <lora:d e:0.5> y", "loras": [{"name": "b"}, {"name": "c", "scale": 0}], "lora_name": "a", "lora_scale": -2}"#
    )
    let request = try #require(bench.engine.requests.first)
    #expect(request.prompt == "x  y")
    #expect(request.loras.map(\.file.name) == ["a", "b", "c", "d e"])
    #expect(request.loras.map(\.scale) == [-2, 1, 0, 0.5])
    #expect(request.loras.first?.file.path == bench.folder.appending(path: "loras/a.safetensors").path)
    #expect(reply.json["parameters"]?["prompt"] == "x  y")
    let line = try reply.chunks().first?.text.split(separator: "\n").first
    #expect(line == "x  y <lora:a:-2> <lora:b:1> <lora:c:0> <lora:d e:0.5>")
  }

  /// With its ending, as /loras has it, and by the name that its trainer gave it.
  @Test func byOtherNamesOfTheFile() async throws {
    let bench = try Bench()
    try bench.add("loras/a-000010.safetensors", Bench.lora, notes: ["ss_output_name": "style"])
    try bench.add("loras/b.safetensors", Bench.lora)
    let body = #"{"prompt": "x <lora:style:0.5>", "lora_name": "b.safetensors"}"#
    let reply = await bench.post(body)
    #expect(bench.engine.requests.first?.loras.map(\.file.name) == ["b", "a-000010"])
    let used = reply.json["parameters"]?["loras"]?.arrayValue?.map { $0["name"] }
    #expect(used == ["b", "a-000010"])
    let twice = await bench.post(#"{"prompt": "x <lora:style>", "lora_name": "a-000010"}"#)
    #expect((twice.status, twice.places) == (422, ["prompt"]))
    #expect(twice.messages == ["Value error, the LoRA a-000010 is asked for more than once"])
  }

  @Test(arguments: ["comfy", "diffusers"]) func otherStylesHaveNone(style: String) async throws {
    let bench = try Bench()
    let reply = await bench.post(#"{"prompt": "<lora:x:1>", "prompt_style": "\#(style)"}"#)
    #expect(reply.status == 200)
    #expect(bench.engine.requests.first?.prompt == "<lora:x:1>")
  }

  @Test func notInNegativePrompts() async throws {
    let reply = try await Bench().post(#"{"prompt": "a", "negative_prompt": "<lora:x:1>"}"#)
    #expect((reply.status, reply.places) == (422, ["negative_prompt"]))
  }

  @Test(arguments: [
    ("a Style-1, b", ["style-1"]), ("(style:1.2)", ["style"]), ("restyle styles style_2 style2", []),
    ("style-1 style", ["style", "style-1"]), (#"\(style\) x"#, ["style"]), ("embedding:style", ["style"]),
    ("été", ["été"]), ("étés", []),
  ])
  func namesOfEmbeddings(prompt: String, found: [String]) {
    let names = EmbeddingNames(["style", "style-1", "été"], style: .a1111)
    #expect(names.found(in: prompt).names.sorted() == found.sorted())
  }

  @Test func embeddingsOfBothPrompts() async throws {
    let bench = try Bench()
    for name in ["bad", "style", "other"] { try bench.add("embeddings/\(name).safetensors", "clip_l") }
    try bench.add("embeddings/wrong.safetensors", Bench.lora)
    #expect(await bench.post(#"{"prompt": "a style", "negative_prompt": "Bad"}"#).status == 200)
    #expect(bench.engine.requests.first?.embeddings.map(\.name) == ["style", "bad"])
    let reply = await bench.post(#"{"prompt": "a", "negative_prompt": "so wrong"}"#)
    #expect((reply.status, reply.places) == (422, ["negative_prompt"]))
    #expect(reply.messages == ["Value error, wrong.safetensors is a LoRA, not a textual inversion"])
  }

  @Test func comfyNamesThem() async throws {
    let bench = try Bench()
    try bench.add("embeddings/style.safetensors", "clip_g")
    let body = #"{"prompt_style": "comfy", "prompt": "(embedding:style:1.2) embedding:style"}"#
    #expect(await bench.post(body).status == 200)
    #expect(bench.engine.requests.first?.embeddings.map(\.name) == ["style"])
    let unknown = await bench.post(#"{"prompt_style": "comfy", "prompt": "embedding:x"}"#)
    #expect((unknown.status, unknown.json["code"]) == (404, "embedding_not_found"))
    #expect(unknown.json["detail"] == "Unknown embedding: x. Available: style")
  }
}
