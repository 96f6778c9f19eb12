import HTTP
import API
import Foundation
import Generation
import JSON
import Testing

@Suite struct CatalogTests {
  @Test func modelsInTheRegistrysOrder() async throws {
    let engine = ScriptedEngine(status: EngineStatus(state: .ready, model: "pony"))
    let reply = try await Bench(engine: engine).send("GET", "/models")
    #expect(reply.status == 200)
    #expect(reply.json["current"] == "pony")
    let models = try #require(reply.json["models"])
    #expect(models.keys == ["animagine", "pony", "noobai"])
    let animagine = try #require(models["animagine"])
    #expect(animagine.keys.prefix(3) == ["downloaded", "loaded", "description"])
    #expect((animagine["downloaded"], animagine["loaded"]) == (true, false))
    #expect(animagine["description"] == "Animagine (danbooru prompts)")
    #expect(animagine["negative_prompt"] == "lowres, bad hands")
    #expect(animagine["size_bytes"] == 7)
    #expect(
      animagine["defaults"] == [
        "cfg": 5.0, "steps": 28, "width": 832, "height": 1216, "scheduler": .null, "clip_skip": .null,
        "cfg_rescale": .null, "timestep_spacing": .null,
      ])
    #expect(
      models["noobai"]?["defaults"] == [
        "cfg": 5.5, "steps": 28, "width": 832, "height": 1216, "scheduler": "DPM++ 2M Karras", "clip_skip": 1,
        "cfg_rescale": 0.7, "timestep_spacing": "trailing",
      ])
    let vPrediction = try #require(models["noobai"])
    #expect((vPrediction["prediction"], vPrediction["zero_terminal_snr"]) == ("v_prediction", true))
    #expect(
      (vPrediction["vae"], animagine["vae"], animagine["zero_terminal_snr"]) == ("fp16-fix", .null, .null))
    #expect(models["pony"]?["loaded"] == true)
    #expect((models["noobai"]?["downloaded"], models["noobai"]?["size_bytes"]) == (false, .null))
  }

  @Test func lorasAreListedAnew() async throws {
    let bench = try Bench()
    #expect(await bench.send("GET", "/loras").json == ["loras": []])
    // The smallest safetensors file: an empty header.
    try Data([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)).write(
      to: bench.folder.appending(path: "loras/tonic_style_v1.safetensors"))
    let listed = try #require(await bench.send("GET", "/loras").json["loras"]?.arrayValue?.first)
    #expect(listed["name"] == "tonic_style_v1")
    #expect(listed["file"] == "tonic_style_v1.safetensors")
    #expect(listed["size_bytes"] == 10)
    #expect(listed["base_model"] == .null)
  }

  /// The file's own, where it is known; not asked for of a file that is of no use.
  @Test func hashesOfLoRAs() async throws {
    let bench = try Bench { $0.fileHash = { $0.hasSuffix("/loras/new.safetensors") ? nil : Bench.hash } }
    for name in ["known", "new"] { try bench.add("loras/\(name).safetensors", Bench.lora) }
    try bench.add("loras/vae.safetensors", "decoder.conv_in.weight", [1, 4, 1, 1])
    let listed = await bench.send("GET", "/loras").json["loras"]?.arrayValue?.map { $0["hash"] }
    #expect(listed == [.string(Bench.hash), .null, .null])
  }
}
