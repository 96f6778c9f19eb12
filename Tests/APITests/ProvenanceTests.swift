import API
import Generation
import HTTP
import Images
import JSON
import Registry
import Testing

/// What the reply and the picture say of how it was made.
@Suite struct ProvenanceTests {
  /// An engine that did all it can do otherwise than it usually does.
  private static let engine = ScriptedEngine { request in
    var result = try GenerationResult.picture(of: request)
    result.report.prediction = .vPrediction
    (result.report.predictionSource, result.report.zeroTerminalSNRSource) = ("v_pred key", "ztsnr key")
    (result.report.zeroTerminalSNR, result.report.vaeRetried, result.report.vaeTiled) = (true, true, true)
    (result.report.promptTokens, result.report.promptWindows) = (180, 3)
    (result.report.negativePromptTokens, result.report.negativePromptWindows) = (80, 2)
    return result
  }

  private static let body = #"""
    {"prompt": "1girl, (night:1.2)", "negative_prompt": "bad, ugly", "steps": 12, "cfg_scale": 6, "seed": 5,
     "width": 64, "height": 128, "scheduler": "dpm++ 2m karras", "timestep_spacing": "trailing",
     "clip_skip": 3, "cfg_rescale": 0.7, "cfg_start": 0.25, "cfg_end": 0.9, "vae": "fp16, fix",
     "prompt_style": "comfy"}
    """#

  private func reply(_ body: String = body) async throws -> HTTPResponse {
    try await Bench(engine: Self.engine, models: [.plain], vaes: ["fp16, fix"]).post(body)
  }

  @Test func everythingUsed() async throws {
    #expect(
      try await reply().json["parameters"] == [
        "prompt": "1girl, (night:1.2)", "negative_prompt": "bad, ugly", "model": "m", "width": 64,
        "height": 128, "steps": 12, "cfg_scale": 6.0, "seed": 5, "scheduler": "dpmpp_2m_karras",
        "sigma_schedule": "karras", "timestep_spacing": "trailing", "prompt_style": "comfy", "clip_skip": 3,
        "cfg_rescale": 0.7, "cfg_start": 0.25, "cfg_end": 0.9, "eta": 0.0, "vae": "fp16, fix",
        "loras": [], "embeddings": [], "reference": .null, "image": .null, "strength": .null, "mask": .null,
        "control": [], "pag_scale": 0.0, "pag_adaptive_scale": 0.0, "freeu": .null, "hires": .null,
        "steps_made": 12, "warnings": [],
        "model_hash": .string(Bench.hash), "prediction": "v_prediction", "prediction_source": "v_pred key",
        "zero_terminal_snr": true, "zero_terminal_snr_source": "ztsnr key", "dtype": "bfloat16",
        "vae_dtype": "float32", "vae_retried": true, "vae_tiled": true, "device": "cuda:0",
        "prompt_tokens": 180, "prompt_windows": 3, "negative_prompt_tokens": 80,
        "negative_prompt_windows": 2, "libtorch": "2.15.0", "darkroom": "1.2.3",
      ])
  }

  @Test func thePictureSaysTheSame() async throws {
    let reply = try await reply()
    let chunks = try reply.chunks()
    #expect(chunks.map(\.keyword) == ["parameters", "darkroom"])
    #expect(try JSONValue.parse(Array((chunks.last?.text ?? "").utf8)) == reply.json["parameters"])
    #expect(
      chunks.first?.text == """
        1girl, (night:1.2)
        Negative prompt: bad, ugly
        Steps: 12, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6, Seed: 5, Size: 64x128, \
        Model hash: 0123456789, Model: m, VAE: "fp16, fix.safetensors", Clip skip: 3, RNG: CPU, \
        Noise Schedule: Zero Terminal SNR, CFG Rescale: 0.7, CFG start: 0.25, CFG end: 0.9, \
        Version: Darkroom 1.2.3
        """)
    #expect(chunks.allSatisfy { !$0.text.contains("/vae/") })
  }

  @Test(arguments: [
    ("Euler a", "Euler a, Schedule type: Automatic"), ("euler_karras", "Euler, Schedule type: Karras"),
    ("DPM++ 2M", "DPM++ 2M, Schedule type: Uniform"),
    ("dpmpp_2m_sde", "DPM++ 2M SDE, Schedule type: Uniform"),
    ("DPM++ 2M SDE Exponential", "DPM++ 2M SDE, Schedule type: Exponential"),
    ("dpm2_a", "DPM2 a, Schedule type: Uniform"), ("heun_ays", "Heun, Schedule type: Align Your Steps"),
    ("lms_beta", "LMS, Schedule type: Beta"), ("ddim", "DDIM, Schedule type: Automatic"),
    ("unipc", "UniPC, Schedule type: Automatic"), ("lcm", "LCM, Schedule type: Automatic"),
  ])
  func samplersAsA1111WritesThem(name: String, text: String) async throws {
    let chunks = try await reply(#"{"prompt": "a", "scheduler": "\#(name)"}"#).chunks()
    #expect(chunks.first?.text.contains("Sampler: \(text), CFG scale: 5") == true)
  }

  @Test func onlyWhatIsNotReadersDefault() async throws {
    let chunks = try await reply(#"{"prompt": "a", "clip_skip": 1}"#).chunks()
    let line = try #require(chunks.first?.text.split(separator: "\n").last)
    for key in ["Clip skip", "VAE", "CFG Rescale", "CFG start", "CFG end"] {
      #expect(!line.contains(key))
    }
  }
}
