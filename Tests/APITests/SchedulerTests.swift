import Generation
import HTTP
import JSON
import Registry
import Testing

@testable import API

@Suite struct SchedulerTests {
  private static func choice(_ name: SchedulerName, _ sigmas: SigmaSchedule = .normal) -> SchedulerChoice {
    SchedulerChoice(name, sigmas: sigmas)
  }

  /// What other tools write, by hand.
  static let spellings: [(String, SchedulerChoice)] = [
    // diffusers
    ("EulerDiscreteScheduler", choice(.euler)),
    ("EulerAncestralDiscreteScheduler", choice(.eulerAncestral)),
    ("HeunDiscreteScheduler", choice(.heun)), ("DPMSolverMultistepScheduler", choice(.dpmpp2M)),
    ("DDIMScheduler", choice(.ddim)), ("UniPCMultistepScheduler", choice(.uniPC)),
    ("LCMScheduler", choice(.lcm)), ("TCDScheduler", choice(.tcd)), ("KDPM2DiscreteScheduler", choice(.dpm2)),
    ("KDPM2AncestralDiscreteScheduler", choice(.dpm2Ancestral)), ("LMSDiscreteScheduler", choice(.lms)),
    // AUTOMATIC1111
    ("Euler a", choice(.eulerAncestral)), ("Euler", choice(.euler)), ("Heun", choice(.heun)),
    ("DPM++ 2M", choice(.dpmpp2M)), ("DPM++ 2M Karras", choice(.dpmpp2M, .karras)),
    ("DPM++ 2M SDE", choice(.dpmpp2MSDE)), ("DPM++ 2M SDE Karras", choice(.dpmpp2MSDE, .karras)),
    ("DPM++ 2M SDE Exponential", choice(.dpmpp2MSDE, .exponential)), ("DDIM", choice(.ddim)),
    ("UniPC", choice(.uniPC)), ("LCM", choice(.lcm)), ("TCD", choice(.tcd)), ("DPM2", choice(.dpm2)),
    ("DPM2 a", choice(.dpm2Ancestral)), ("DPM2 Karras", choice(.dpm2, .karras)),
    ("DPM2 a Karras", choice(.dpm2Ancestral, .karras)), ("LMS", choice(.lms)),
    ("LMS Karras", choice(.lms, .karras)), ("DPM++ 2M Align Your Steps", choice(.dpmpp2M, .ays)),
    ("Euler Beta", choice(.euler, .beta)), ("k_dpmpp_2m_ka", choice(.dpmpp2M, .karras)),
    ("k_dpmpp_2m_sde_exp", choice(.dpmpp2MSDE, .exponential)),
    ("k_dpm_2_a_ka", choice(.dpm2Ancestral, .karras)),
    ("k_lms_ka", choice(.lms, .karras)),
    // ComfyUI, k-diffusion, InvokeAI
    ("euler_ancestral", choice(.eulerAncestral)), ("dpm_2", choice(.dpm2)),
    ("dpm_2_ancestral", choice(.dpm2Ancestral)), ("uni_pc", choice(.uniPC)), ("uni_pc_bh2", choice(.uniPC)),
    ("k_euler", choice(.euler)), ("k_euler_a", choice(.eulerAncestral)),
    ("k_euler_ancestral", choice(.eulerAncestral)), ("k_heun", choice(.heun)), ("k_lms", choice(.lms)),
    ("k_dpm_2", choice(.dpm2)), ("k_dpm_2_a", choice(.dpm2Ancestral)),
    ("k_dpm_2_ancestral", choice(.dpm2Ancestral)), ("k_dpmpp_2m", choice(.dpmpp2M)),
    ("k_dpmpp_2m_sde", choice(.dpmpp2MSDE)), ("kdpm_2", choice(.dpm2)),
    ("dpmpp_2m_k", choice(.dpmpp2M, .karras)),
    ("heun_k", choice(.heun, .karras)),
    // Ids
    ("euler_a", choice(.eulerAncestral)), ("euler", choice(.euler)), ("heun", choice(.heun)),
    ("dpmpp_2m", choice(.dpmpp2M)), ("dpmpp_2m_karras", choice(.dpmpp2M, .karras)),
    ("dpmpp_2m_sde", choice(.dpmpp2MSDE)), ("ddim", choice(.ddim)), ("unipc", choice(.uniPC)),
    ("lcm", choice(.lcm)), ("tcd", choice(.tcd)), ("dpm2", choice(.dpm2)), ("dpm2_a", choice(.dpm2Ancestral)),
    ("lms", choice(.lms)), ("euler_ays", choice(.euler, .ays)), ("unipc_beta", choice(.uniPC, .beta)),
    ("heun_exponential", choice(.heun, .exponential)),
    // Cases and separators
    ("dpm++ 2m karras", choice(.dpmpp2M, .karras)), ("k_dpm++_2m", choice(.dpmpp2M)),
    ("DPM++_2M-KARRAS", choice(.dpmpp2M, .karras)),
    ("eulera", choice(.eulerAncestral)), (" Euler  A ", choice(.eulerAncestral)),
    ("dpmpp-2m-sde-align-your-steps", choice(.dpmpp2MSDE, .ays)),
  ]

  @Test(arguments: spellings)
  func spelling(name: String, choice: SchedulerChoice) throws {
    #expect(try SchedulerNames.find(name) == choice)
    #expect(SchedulerNames.problem(with: name) == nil)
  }

  @Test func reachTheEngineAndTheReply() async throws {
    let bench = try Bench()
    for (name, choice) in Self.spellings {
      let reply = await bench.post(#"{"prompt": "a", "steps": 20, "scheduler": "\#(name)"}"#)
      #expect(reply.json["parameters"]?["scheduler"] == .string(choice.id), "\(name)")
      #expect(reply.json["parameters"]?["sigma_schedule"] == .string(choice.sigmas.rawValue))
    }
    #expect(bench.engine.requests.map(\.scheduler) == Self.spellings.map(\.1))
  }

  @Test func noSpellingMeansTwoThings() {
    let spellings = SchedulerNames.spellings()
    for (spelling, choices) in Dictionary(grouping: spellings, by: \.spelling) {
      #expect(Set(choices.map(\.choice)).count == 1, "\(spelling)")
    }
    #expect(spellings.count > 300)
  }

  @Test func everyIDAndTitleIsASpelling() throws {
    #expect(SchedulerNames.all.count == 40)
    for choice in SchedulerNames.all {
      #expect(try SchedulerNames.find(choice.id) == choice)
      #expect(try SchedulerNames.find(SchedulerNames.a1111(choice)) == choice)
    }
  }

  @Test(arguments: [
    "euler_b", "", "karras", "DPM++ SDE", "DPM++ 2S a", "plms", "dpmpp_3m_sde", "euler_normal",
    "euler_karras_beta",
    "DPMSolverSDEScheduler", "dpm 2m", "EULER Å", "\u{212A}_euler", "Euler SGM Uniform",
  ])
  func unknown(name: String) async throws {
    let reply = try await Bench().post(#"{"prompt": "a", "scheduler": "\#(name)"}"#)
    let issue = try #require(reply.json["detail"]?.arrayValue?.first)
    #expect((issue["type"], issue["loc"]) == ("value_error", ["body", "scheduler"]))
    #expect(issue["input"] == .string(name))
    let message = try #require(issue["msg"]?.stringValue)
    #expect(message.hasPrefix("Value error, unknown scheduler; known are euler_a (Euler a, EulerAncestral"))
    for choice in SchedulerNames.all {
      #expect(message.contains(" \(choice.id) (\(SchedulerNames.a1111(choice))"))
    }
    for (name, _) in Self.spellings where name.hasSuffix("Scheduler") { #expect(message.contains(name)) }
  }

  @Test(arguments: [
    ("Euler a Karras", "euler_a has no karras schedule; known are euler_a ("),
    ("ddim_ays", "ddim has no ays"),
    ("LCM Exponential", "lcm has no exponential"), ("TCDScheduler beta", "tcd has no beta"),
  ])
  func pairsThatDiffusersLacks(name: String, message: String) async throws {
    let reply = try await Bench().post(#"{"prompt": "a", "scheduler": "\#(name)"}"#)
    #expect(reply.status == 422)
    #expect(reply.messages.first?.hasPrefix("Value error, \(message)") == true)
  }

  @Test func theModelsDefaultMayBeSpeltAnyWay() async throws {
    var entry = ModelEntry.plain
    entry.defaults.scheduler = "DPM++ 2M SDE Karras"
    let bench = try Bench(models: [entry])
    #expect(await bench.post(#"{"prompt": "a"}"#).status == 200)
    #expect(bench.engine.requests.first?.scheduler == SchedulerChoice(.dpmpp2MSDE, sigmas: .karras))
    entry.defaults.scheduler = "Euler a Karras"
    let reply = try await Bench(models: [entry]).post(#"{"prompt": "a"}"#)
    #expect((reply.status, reply.json["code"]) == (503, "model_not_loaded"))
    let detail = reply.json["detail"]?.stringValue
    #expect(
      detail?.hasPrefix("Model not loaded: m: its default scheduler cannot be used: euler_a has no karras")
        == true)
    #expect(try await Bench(models: [entry]).post(#"{"prompt": "a", "scheduler": "euler"}"#).status == 200)
  }
}
