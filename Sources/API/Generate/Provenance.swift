import Generation
import Images
import JSON
import Registry

/// How a picture was made: in the reply, and inside the PNG.
struct Provenance: Sendable {
  let request: GenerationRequest
  /// What steered it, as it was asked for.
  let order: SteeringOrder
  let report: GenerationReport
  /// SHA-256 of the checkpoint in hex.
  let modelHash: String?
  let version: String

  /// Everything that was really used.
  var parameters: JSONObject {
    var parameters = asked
    for member in steering.members + told.members { parameters[member.key] = member.value }
    return parameters
  }

  /// The same without what another making of the same picture may do otherwise.
  private var recipe: JSONObject {
    var recipe = parameters
    if var reference = recipe["reference"]?.objectValue {
      reference["encoded"] = nil
      recipe["reference"] = .object(reference)
    }
    return recipe
  }

  /// Of `parameters`.
  static let shape = Shape.object(
    (Array(plainShape) + Array(steeringShape)).map { Shape.Member(name: $0.key, shape: $0.value) })

  private static let plainShape: KeyValuePairs<String, Shape> = [
    "prompt": .text, "negative_prompt": .nullable(.text), "model": .text, "width": .integer,
    "height": .integer, "steps": .integer, "cfg_scale": .number, "seed": .integer, "scheduler": .text,
    "sigma_schedule": .text, "timestep_spacing": .text, "prompt_style": .text, "clip_skip": .integer,
    "cfg_rescale": .number, "cfg_start": .number, "cfg_end": .number, "eta": .number, "vae": .nullable(.text),
    "model_hash": .nullable(.text), "prediction": .text, "prediction_source": .text,
    "zero_terminal_snr": .boolean, "zero_terminal_snr_source": .text, "dtype": .text, "vae_dtype": .text,
    "vae_retried": .boolean, "vae_tiled": .boolean, "device": .text, "prompt_tokens": .integer,
    "prompt_windows": .integer, "negative_prompt_tokens": .integer, "negative_prompt_windows": .integer,
    "libtorch": .text, "darkroom": .text,
  ]

  /// The text chunks of the PNG: `parameters` for tools that read AUTOMATIC1111's, `darkroom` with everything.
  var chunks: [PNGText] {
    let json = String(decoding: JSONValue.object(recipe).encoded(), as: UTF8.self)
    return [PNGText(keyword: "parameters", text: infotext), PNGText(keyword: "darkroom", text: json)]
  }

  /// What the request came to, under the names of its fields.
  private var asked: JSONObject {
    [
      "prompt": .string(request.prompt),
      "negative_prompt": negativePrompt.map(JSONValue.string) ?? .null,
      "model": .string(request.model.id),
      "width": integer(request.width),
      "height": integer(request.height),
      "steps": integer(request.steps),
      "cfg_scale": JSONValue(floatLiteral: request.cfgScale),
      "seed": .number(JSONNumber(request.seed)),
      "scheduler": .string(request.scheduler.id),
      "sigma_schedule": .string(request.scheduler.sigmas.rawValue),
      "timestep_spacing": .string(request.scheduler.spacing.rawValue),
      "prompt_style": .string(request.promptStyle.rawValue),
      "clip_skip": integer(request.clipSkip),
      "cfg_rescale": JSONValue(floatLiteral: request.cfgRescale),
      "cfg_start": JSONValue(floatLiteral: request.guidanceInterval.start),
      "cfg_end": JSONValue(floatLiteral: request.guidanceInterval.end),
      "eta": JSONValue(floatLiteral: request.scheduler.eta),
      "vae": request.vae.map { .string($0.name) } ?? .null,
    ]
  }

  /// What the engine found and did.
  private var told: JSONObject {
    [
      "model_hash": modelHash.map(JSONValue.string) ?? .null,
      "prediction": .string(report.prediction.rawValue),
      "prediction_source": .string(report.predictionSource),
      "zero_terminal_snr": .bool(report.zeroTerminalSNR),
      "zero_terminal_snr_source": .string(report.zeroTerminalSNRSource),
      "dtype": .string(report.dtype),
      "vae_dtype": .string(report.vaeDtype),
      "vae_retried": .bool(report.vaeRetried),
      "vae_tiled": .bool(report.vaeTiled),
      "device": .string(report.device),
      "prompt_tokens": integer(report.promptTokens),
      "prompt_windows": integer(report.promptWindows),
      "negative_prompt_tokens": integer(report.negativePromptTokens),
      "negative_prompt_windows": integer(report.negativePromptWindows),
      "libtorch": .string(report.libtorch),
      "darkroom": .string(version),
    ]
  }

  func integer(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }

  /// `nil` means zeros.
  var negativePrompt: String? {
    switch request.negativePrompt {
    case .zeros: nil
    case .text(let text): text
    }
  }
}
