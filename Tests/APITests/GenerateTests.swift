import API
import Foundation
import Generation
import HTTP
import Images
import JSON
import Registry
import Testing

@Suite struct GenerateTests {
  @Test func pixerysRequest() async throws {
    let bench = try Bench()
    let reply = await bench.post(
      #"""
      {"prompt": "a girl with purple hair, masterpiece", "model": "animagine", "width": 1024, "height": 1024,
       "reference_image": null, "ip_adapter_scale": 0.7}
      """#)
    #expect(reply.status == 200)
    #expect(reply.json.keys == ["image", "seed", "parameters", "timings"])
    let request = try #require(bench.engine.requests.first)
    #expect(request.prompt == "a girl with purple hair, masterpiece")
    #expect(request.negativePrompt == .text("lowres, bad hands"))
    #expect((request.width, request.height, request.steps) == (1024, 1024, 28))
    #expect((request.cfgScale, request.scheduler.name) == (5, .eulerAncestral))
    #expect(request.seed <= UInt64(UInt32.max))
    #expect(request.model.id == "animagine")
    #expect(request.model.path == bench.folder.appending(path: "animagine.safetensors").path)

    #expect(reply.json["seed"] == .number(JSONNumber(request.seed)))
    let parameters = try #require(reply.json["parameters"])
    #expect(
      parameters.keys == [
        "prompt", "negative_prompt", "model", "width", "height", "steps", "cfg_scale", "seed", "scheduler",
        "sigma_schedule", "timestep_spacing", "prompt_style", "clip_skip", "cfg_rescale", "cfg_start",
        "cfg_end", "eta", "vae", "loras", "embeddings", "reference", "image", "strength", "mask", "control",
        "pag_scale", "pag_adaptive_scale", "freeu", "hires", "steps_made", "warnings", "model_hash",
        "prediction", "prediction_source", "zero_terminal_snr",
        "zero_terminal_snr_source", "dtype", "vae_dtype", "vae_retried", "vae_tiled", "device",
        "prompt_tokens", "prompt_windows", "negative_prompt_tokens", "negative_prompt_windows", "libtorch",
        "darkroom",
      ])
    #expect(parameters["negative_prompt"] == "lowres, bad hands")
    #expect((parameters["steps"], parameters["cfg_scale"]) == (28, 5.0))
    #expect((parameters["scheduler"], parameters["model_hash"]) == ("euler_a", .string(Bench.hash)))
    #expect((parameters["dtype"], parameters["prompt_tokens"]) == ("bfloat16", 3))
    let timings = try #require(reply.json["timings"])
    #expect(timings.keys == ["queue", "swap", "load", "text", "denoise", "decode", "encode"])
    #expect((timings["load"], timings["denoise"]) == (12.3, 1000.0))
  }

  @Test func thePictureTellsHowItWasMade() async throws {
    let bench = try Bench()
    let reply = await bench.post(
      #"{"prompt": "saber \\(fate\\), 夜", "model": "pony", "negative_prompt": "", "seed": 77, "cfg_scale": 6.5}"#
    )
    #expect(bench.engine.requests.first?.prompt == #"saber \(fate\), 夜"#)
    #expect(bench.engine.requests.first?.negativePrompt == .text(""))
    let png = try #require(reply.json["image"]?.stringValue.flatMap { Data(base64Encoded: $0) })
    #expect(try PNG.decode(Array(png)).pixels.allSatisfy { $0 == 77 })
    let chunks = try PNG.text(in: Array(png))
    #expect(chunks.map(\.keyword) == ["parameters", "darkroom"])
    #expect(
      chunks.first?.text == """
        saber \\(fate\\), 夜
        Steps: 25, Sampler: Euler, Schedule type: Automatic, CFG scale: 6.5, Seed: 77, Size: 1024x1024, \
        Model hash: 0123456789, Model: pony, Clip skip: 2, RNG: CPU, Version: Darkroom 1.2.3
        """)
    let json = try JSONValue.parse(Array((chunks.last?.text ?? "").utf8))
    #expect(json == reply.json["parameters"])
    #expect(json["negative_prompt"] == "")
  }

  @Test func plainParenthesesAreEscapedForReadersOfWeights() async throws {
    let bench = try Bench()
    let reply = await bench.post(
      #"{"prompt": "saber_(fate) [x] BREAK \\o/", "prompt_style": "diffusers", "negative_prompt": "(a)"}"#)
    #expect(bench.engine.requests.first?.prompt == #"saber_(fate) [x] BREAK \o/"#)
    let png = try #require(reply.json["image"]?.stringValue.flatMap { Data(base64Encoded: $0) })
    let lines = try PNG.text(in: Array(png)).first?.text.split(separator: "\n") ?? []
    #expect(lines.count == 3)
    #expect(lines.first == #"saber_\(fate\) \[x\] BREAK \\o/"#)
    #expect(lines.dropFirst().first == #"Negative prompt: \(a\)"#)
    #expect(reply.json["parameters"]?["prompt"] == #"saber_(fate) [x] BREAK \o/"#)
  }

  @Test(arguments: ["", #", "negative_prompt": null"#])
  func noNegativePromptMeansZeros(field: String) async throws {
    let bench = try Bench()
    let reply = await bench.post(#"{"prompt": "a", "model": "pony"\#(field)}"#)
    #expect(bench.engine.requests.first?.negativePrompt == .zeros)
    #expect(reply.json["parameters"]?["negative_prompt"] == .null)
  }

  @Test(arguments: ["", #", "seed": null"#, #", "seed": -1"#])
  func seedsAreDrawn(field: String) async throws {
    let bench = try Bench()
    for _ in 0..<8 { _ = await bench.post(#"{"prompt": "a"\#(field)}"#) }
    let seeds = bench.engine.requests.map(\.seed)
    #expect(Set(seeds).count > 1)
    #expect(seeds.allSatisfy { $0 <= UInt64(UInt32.max) })
  }

  @Test func theLargestSeed() async throws {
    let bench = try Bench()
    let reply = await bench.post(#"{"prompt": "a", "seed": 9223372036854775807}"#)
    #expect(bench.engine.requests.first?.seed == 9_223_372_036_854_775_807)
    #expect(reply.json["seed"] == 9_223_372_036_854_775_807)
  }

  @Test func areaLimit() async throws {
    let bench = try Bench { $0.maxPixels = 512 * 512 }
    #expect(await bench.post(#"{"prompt": "a", "width": 512, "height": 512}"#).status == 200)
    let reply = await bench.post(#"{"prompt": "a", "width": 512, "height": 520}"#)
    #expect(reply.status == 422)
    #expect(reply.messages == ["Value error, 512 x 520 is over the limit of 262144 pixels"])
  }
}

@Suite struct ModelChoiceTests {
  @Test func theLoadedOneElseTheFirstAvailable() async throws {
    let loaded = try Bench(engine: ScriptedEngine(status: EngineStatus(state: .ready, model: "pony")))
    _ = await loaded.post(#"{"prompt": "a"}"#)
    #expect(loaded.engine.requests.first?.model.id == "pony")

    let fresh = try Bench()
    _ = await fresh.post(#"{"prompt": "a"}"#)
    #expect(fresh.engine.requests.first?.model.id == "animagine")

    let preferring = try Bench { $0.defaultModel = "pony" }
    _ = await preferring.post(#"{"prompt": "a", "model": null}"#)
    #expect(preferring.engine.requests.first?.model.id == "pony")
  }

  @Test func aliases() async throws {
    let reply = try await Bench().post(#"{"prompt": "a", "model": "anime"}"#)
    #expect(reply.json["parameters"]?["model"] == "animagine")
  }

  @Test(arguments: ["x", "", "../animagine", "animagine.safetensors", "Animagine"])
  func unknown(name: String) async throws {
    let reply = try await Bench().post(#"{"prompt": "a", "model": "\#(name)"}"#)
    #expect(reply.status == 404)
    #expect(
      reply.json
        == [
          "detail": .string("Unknown model: \(name). Available: animagine, pony"), "code": "model_not_found",
        ])
  }

  @Test func notDownloaded() async throws {
    let reply = try await Bench().post(#"{"prompt": "a", "model": "noobai"}"#)
    #expect(reply.status == 503)
    #expect(
      reply.json == [
        "detail": "Model not downloaded: noobai. Run: darkroom models pull noobai",
        "code": "model_not_downloaded",
      ])
  }

  @Test func noneAtAll() async throws {
    let reply = try await Bench(models: []).post(#"{"prompt": "a"}"#)
    #expect((reply.status, reply.json["code"]) == (503, "no_model"))
  }

  @Test func entriesThatPromiseMoreThanIsDone() async throws {
    for (change, why) in [
      ({ $0.architecture = "flux" }, "architecture flux is not supported"),
      ({ $0.prediction = "sample" }, "prediction sample is not known"),
      ({ $0.vae = "other" }, "its vae other is not in the vae folder; available: none"),
      (
        { $0.defaults.timestepSpacing = "odd" },
        "its default timestep_spacing cannot be used: odd is not known"
      ),
      (
        { ($0.defaults.scheduler, $0.defaults.steps) = ("lcm", 51) },
        "its default steps cannot be used: lcm takes at most 50 steps, not 51"
      ),
      (
        { ($0.defaults.scheduler, $0.defaults.timestepSpacing) = ("tcd", "trailing") },
        "its default timestep_spacing cannot be used: tcd has steps of its own, which trailing spacing cannot move"
      ),
    ] as [((inout ModelEntry) -> Void, String)] {
      var entry = ModelEntry.plain
      change(&entry)
      let bench = try Bench(models: [entry])
      let reply = await bench.post(#"{"prompt": "a"}"#)
      #expect(reply.status == 503)
      #expect(reply.json == ["detail": .string("Model not loaded: m: \(why)"), "code": "model_not_loaded"])
      #expect(bench.engine.requests.isEmpty)
    }
  }
}
