import Generation
import Images
import JSON
import Registry

/// How a picture was made: in the reply, and inside the PNG.
struct Provenance: Sendable {
  let plan: GenerationPlan
  let report: GenerationReport
  /// SHA-256 of the checkpoint in hex.
  let modelHash: String?
  let version: String

  /// Everything that was really used.
  var parameters: JSONObject {
    let request = plan.request
    return [
      "prompt": .string(plan.prompt),
      "negative_prompt": plan.negativePrompt.map(JSONValue.string) ?? .null,
      "model": .string(plan.entry.id),
      "width": .number(JSONNumber(request.width)),
      "height": .number(JSONNumber(request.height)),
      "steps": .number(JSONNumber(request.steps)),
      "cfg_scale": JSONValue(floatLiteral: request.cfgScale),
      "seed": .number(JSONNumber(request.seed)),
      "scheduler": .string(request.scheduler.id),
      "prompt_style": .string(plan.style.rawValue),
      "clip_skip": 2,
      "cfg_rescale": 0,
      "timestep_spacing": "leading",
      "model_hash": modelHash.map(JSONValue.string) ?? .null,
      "prediction": .string(report.prediction.rawValue),
      "prediction_source": .string(report.predictionSource),
      "zero_terminal_snr": .bool(report.zeroTerminalSNR),
      "dtype": .string(report.dtype),
      "vae_dtype": .string(report.vaeDtype),
      "device": .string(report.device),
      "prompt_tokens": .number(JSONNumber(report.promptTokens)),
      "negative_prompt_tokens": .number(JSONNumber(report.negativePromptTokens)),
      "libtorch": .string(report.libtorch),
      "darkroom": .string(version),
    ]
  }

  /// The text chunks of the PNG: `parameters` for tools that read AUTOMATIC1111's, `darkroom` with everything.
  var chunks: [PNGText] {
    let json = String(decoding: JSONValue.object(parameters).encoded(), as: UTF8.self)
    return [PNGText(keyword: "parameters", text: infotext), PNGText(keyword: "darkroom", text: json)]
  }

  /// AUTOMATIC1111's infotext (`modules/infotext_utils.py`): the prompts, then one line of pairs.
  var infotext: String {
    let request = plan.request
    var pairs: [(String, String)] = [
      ("Steps", String(request.steps)),
      ("Sampler", SchedulerNames.a1111(request.scheduler.name)),
      ("CFG scale", request.cfgScale.shortText),
      ("Seed", String(request.seed)),
      ("Size", "\(request.width)x\(request.height)"),
    ]
    if let modelHash { pairs.append(("Model hash", String(modelHash.prefix(10)))) }
    pairs += [("Model", plan.entry.id), ("RNG", "CPU"), ("Version", "Darkroom \(version)")]
    var lines = [weighted(plan.prompt)]
    if let negative = plan.negativePrompt, !negative.isEmpty {
      lines.append("Negative prompt: \(weighted(negative))")
    }
    lines.append(pairs.map { "\($0): \(Self.quoted($1))" }.joined(separator: ", "))
    return lines.joined(separator: "\n")
  }

  /// The prompt as a reader of weights has to be given it.
  private func weighted(_ prompt: String) -> String {
    switch plan.style {
    case .a1111, .comfy: prompt
    case .diffusers: PromptSyntax.escaped(prompt)
    }
  }

  /// A value with a comma, colon or line break is written as a JSON string.
  private static func quoted(_ value: String) -> String {
    guard value.unicodeScalars.contains(where: { [",", ":", "\n", "\r"].contains($0) }) else { return value }
    return String(decoding: JSONValue.string(value).encoded(), as: UTF8.self)
  }
}
