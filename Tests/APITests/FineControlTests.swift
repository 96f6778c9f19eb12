import API
import Foundation
import Generation
import HTTP
import JSON
import Registry
import Testing

/// The fields beside the plain ones: whose value is used, and which values do not go together.
@Suite struct FineControlTests {
  /// A model with an opinion on everything.
  private static var opinionated: ModelEntry {
    var entry = ModelEntry.plain
    entry.defaults.scheduler = "dpmpp_2m_karras"
    (entry.defaults.clipSkip, entry.defaults.cfgRescale) = (1, 0.7)
    (entry.defaults.timestepSpacing, entry.vae) = ("trailing", "fp16-fix")
    (entry.prediction, entry.zeroTerminalSNR) = ("v_prediction", true)
    return entry
  }

  private func bench(_ entry: ModelEntry = .plain) throws -> Bench {
    try Bench(models: [entry], vaes: ["blurry", "fp16-fix"])
  }

  @Test func nobodysOpinion() async throws {
    let bench = try bench()
    let reply = await bench.post(#"{"prompt": "a"}"#)
    let request = try #require(bench.engine.requests.first)
    #expect(request.scheduler == SchedulerChoice(.eulerAncestral))
    #expect((request.clipSkip, request.cfgRescale, request.promptStyle) == (2, 0, .a1111))
    #expect((request.guidanceInterval, request.vae) == (GuidanceInterval(), nil))
    #expect(request.model == ModelSource(id: "m", path: ModelEntry.plain.path))
    #expect(reply.json["parameters"]?["vae"] == .null)
  }

  @Test(arguments: [
    "",
    #", "scheduler": null, "clip_skip": null, "cfg_rescale": null, "timestep_spacing": null, "vae": null"#,
  ])
  func theModelsOpinion(fields: String) async throws {
    let bench = try bench(Self.opinionated)
    let reply = await bench.post(#"{"prompt": "a"\#(fields)}"#)
    let request = try #require(bench.engine.requests.first)
    #expect(request.scheduler == SchedulerChoice(.dpmpp2M, sigmas: .karras, spacing: .trailing))
    #expect((request.clipSkip, request.cfgRescale) == (1, 0.7))
    #expect(
      request.vae
        == VAESource(name: "fp16-fix", path: bench.folder.appending(path: "vae/fp16-fix.safetensors").path))
    #expect((request.model.prediction, request.model.zeroTerminalSNR) == (.vPrediction, true))
    let parameters = try #require(reply.json["parameters"])
    #expect((parameters["vae"], parameters["clip_skip"], parameters["cfg_rescale"]) == ("fp16-fix", 1, 0.7))
    #expect((parameters["timestep_spacing"], parameters["sigma_schedule"]) == ("trailing", "karras"))
  }

  @Test func theClientsOpinion() async throws {
    let bench = try bench(Self.opinionated)
    let reply = await bench.post(
      #"""
      {"prompt": "(a:1.2) BREAK b", "negative_prompt": "[c]", "scheduler": "Heun", "clip_skip": 12,
       "cfg_rescale": 0, "timestep_spacing": "linspace", "vae": "blurry", "prompt_style": "comfy",
       "cfg_start": 0.1, "cfg_end": "0.75"}
      """#)
    let request = try #require(bench.engine.requests.first)
    #expect(request.scheduler == SchedulerChoice(.heun, spacing: .linspace))
    #expect((request.clipSkip, request.cfgRescale, request.promptStyle) == (12, 0, .comfy))
    #expect(request.guidanceInterval == GuidanceInterval(start: 0.1, end: 0.75))
    #expect(request.vae?.name == "blurry")
    #expect((request.prompt, request.negativePrompt) == ("(a:1.2) BREAK b", .text("[c]")))
    let parameters = try #require(reply.json["parameters"])
    #expect((parameters["cfg_start"], parameters["cfg_end"]) == (0.1, 0.75))
    #expect((parameters["prompt_style"], parameters["scheduler"]) == ("comfy", "heun"))
  }

  @Test(arguments: [
    (#""clip_skip": 0"#, "Input should be greater than or equal to 1"),
    (#""clip_skip": 13"#, "Input should be less than or equal to 12"),
    (#""cfg_rescale": 1.01"#, "Input should be less than or equal to 1"),
    (#""cfg_start": -0.1"#, "Input should be greater than or equal to 0"),
    (#""cfg_end": "nan""#, "Input should be less than or equal to 1"),
    (#""prompt_style": "weighted""#, "Input should be 'a1111', 'comfy' or 'diffusers'"),
    (#""timestep_spacing": "even""#, "Input should be 'leading', 'trailing' or 'linspace'"),
    (#""vae": 1"#, "Input should be a valid string"),
    (
      #""cfg_start": 0.6, "cfg_end": 0.5"#,
      "Value error, cfg_start should not be greater than cfg_end, which is 0.5"
    ),
    (#""scheduler": "lcm", "steps": 51"#, "Value error, lcm takes at most 50 steps, not 51"),
    (#""scheduler": "TCD", "steps": 150"#, "Value error, tcd takes at most 50 steps, not 150"),
    (
      #""scheduler": "lcm", "timestep_spacing": "trailing""#,
      "Value error, lcm has steps of its own, which trailing spacing cannot move"
    ),
  ])
  func refused(fields: String, message: String) async throws {
    let bench = try bench()
    let reply = await bench.post(#"{"prompt": "a", \#(fields)}"#)
    #expect((reply.status, reply.messages) == (422, [message]))
    #expect(bench.engine.requests.isEmpty)
  }

  @Test func allThatDoNotGoTogetherAtOnce() async throws {
    let reply = try await bench().post(
      #"""
      {"prompt": "a", "scheduler": "tcd", "steps": 60, "timestep_spacing": "linspace", "cfg_start": 1,
       "cfg_end": 0}
      """#)
    #expect(reply.status == 422)
    let issues = try #require(reply.json["detail"]?.arrayValue)
    #expect(
      issues.compactMap { $0["loc"] } == [
        ["body", "steps"], ["body", "cfg_start"], ["body", "timestep_spacing"],
      ])
    #expect(issues.compactMap { $0["input"] } == [60, 1.0, "linspace"])
  }

  @Test(arguments: [
    #""scheduler": "lcm", "steps": 50"#, #""scheduler": "lcm", "timestep_spacing": "leading""#,
    #""scheduler": "dpmpp_2m_karras", "timestep_spacing": "trailing""#,
    #""scheduler": "euler_ays", "timestep_spacing": "linspace""#, #""cfg_start": 0.5, "cfg_end": 0.5"#,
    #""cfg_end": 0"#, #""cfg_start": 1"#,
  ])
  func goTogether(fields: String) async throws {
    #expect(try await bench().post(#"{"prompt": "a", \#(fields)}"#).status == 200)
  }

  @Test func theModelsSpacingIsNotForASamplerWithStepsOfItsOwn() async throws {
    let bench = try bench(Self.opinionated)
    let reply = await bench.post(#"{"prompt": "a", "scheduler": "lcm"}"#)
    #expect(bench.engine.requests.first?.scheduler == SchedulerChoice(.lcm))
    #expect(reply.json["parameters"]?["timestep_spacing"] == "leading")
  }

  @Test func tooManyStepsOfTheModelForASamplerOfTheClient() async throws {
    var entry = ModelEntry.plain
    entry.defaults.steps = 60
    let reply = try await bench(entry).post(#"{"prompt": "a", "scheduler": "lcm"}"#)
    #expect(reply.messages == ["Value error, lcm takes at most 50 steps, not 60"])
    #expect(reply.json["detail"]?.arrayValue?.first?["loc"] == ["body", "scheduler"])
  }

  @Test(arguments: ["x", "", "../vae/blurry", "blurry.safetensors.safetensors", "Blurry"])
  func unknownDecoder(name: String) async throws {
    let reply = try await bench().post(#"{"prompt": "a", "vae": "\#(name)"}"#)
    #expect(reply.status == 404)
    #expect(
      reply.json == [
        "detail": .string("Unknown vae: \(name). Available: blurry, fp16-fix"), "code": "vae_not_found",
      ])
  }

  @Test func aDecoderOfTheModelThatIsNotThere() async throws {
    var entry = ModelEntry.plain
    entry.vae = "gone"
    let reply = try await bench(entry).post(#"{"prompt": "a"}"#)
    #expect(reply.status == 503)
    #expect(
      reply.json == [
        "detail": "Model not loaded: m: its vae gone is not in the vae folder; available: blurry, fp16-fix",
        "code": "model_not_loaded",
      ])
    #expect(try await bench(entry).post(#"{"prompt": "a", "vae": "blurry"}"#).status == 200)
  }

  @Test(arguments: ["", #", "vae": "blurry""#])
  func aDecoderThatIsNone(field: String) async throws {
    var entry = ModelEntry.plain
    entry.vae = "fp16-fix"
    let bench = try bench(entry)
    for name in ["blurry", "fp16-fix"] {
      try Data("nonsense".utf8).write(to: bench.folder.appending(path: "vae/\(name).safetensors"))
    }
    let reply = await bench.post(#"{"prompt": "a"\#(field)}"#)
    let name = field.isEmpty ? "fp16-fix" : "blurry"
    #expect((reply.status, reply.json["code"]) == (503, "vae_not_loaded"))
    let detail = try #require(reply.json["detail"]?.stringValue)
    #expect(detail.hasPrefix("VAE not loaded: \(name): \(name).safetensors"))
    #expect(!detail.contains(bench.folder.path))
    #expect(bench.engine.requests.isEmpty)
    #expect(
      await bench.post(#"{"prompt": "a", "vae": "x"}"#).json["detail"] == "Unknown vae: x. Available: none")
  }

  @Test func whatTheEngineRefusesOfTheDefaultsIsTheModels() async throws {
    let engine = ScriptedEngine { _ in
      throw GenerationError(.invalidRequest, "11 layers, not 12", field: "clip_skip")
    }
    let bench = try Bench(engine: engine, models: [.plain])
    let filledIn = await bench.post(#"{"prompt": "a"}"#)
    #expect(filledIn.status == 503)
    #expect(
      filledIn.json["detail"]
        == "Model not loaded: m: its default clip_skip cannot be used: 11 layers, not 12")
    let sent = await bench.post(#"{"prompt": "a", "clip_skip": 12}"#)
    #expect((sent.status, sent.messages) == (422, ["Value error, 11 layers, not 12"]))
  }
}
