import Generation
import HTTP
import JSON
import Registry

extension Route {
  static let catalog: [Route] = [
    Route(
      method: .get, path: "/models", summary: "Every registered model, and which one is loaded.",
      replies: [.json(200, "The models, by id.", models)],
      answer: { service, _ in .now(service.listModels()) }),
    Route(
      method: .get, path: "/loras", summary: "The files in the LoRA folder.",
      replies: [.json(200, "The files, read anew.", loras)],
      answer: { service, _ in service.later { try await service.listLoRAs() } }),
  ]

  private static let models = Shape.record([
    "models": .map(.named("Model", model)), "current": .nullable(.text),
  ])

  private static let model = Shape.record([
    "downloaded": .boolean, "loaded": .boolean, "description": .text, "display_name": .text,
    "aliases": .array(.text), "architecture": .text, "prediction": .nullable(.text),
    "zero_terminal_snr": .nullable(.boolean), "vae": .nullable(.text),
    "defaults": .record([
      "cfg": .number, "steps": .integer, "width": .integer, "height": .integer,
      "scheduler": .nullable(.text), "clip_skip": .nullable(.integer), "cfg_rescale": .nullable(.number),
      "timestep_spacing": .nullable(.text),
    ]),
    "negative_prompt": .nullable(.text),
    "prompt_guide": .nullable(
      .record(["quality_tags": .array(.text), "style": .nullable(.text), "notes": .nullable(.text)])),
    "size_bytes": .nullable(.integer), "sha256": .nullable(.text),
  ])

  private static let loras = Shape.record([
    "loras": .array(
      .named(
        "LoRA",
        .record([
          "name": .text, "file": .text, "size_bytes": .integer, "base_model": .nullable(.text),
          "type": .nullable(.text), "hash": .nullable(.text), "rank": .nullable(.integer),
          "trigger_words": .array(.text), "error": .nullable(.text),
        ])))
  ])
}

extension APIService {
  func listModels() -> HTTPResponse {
    let registry = registry()
    let loaded = engine.status.model
    var models = JSONObject()
    for entry in registry.models {
      models[entry.id] = describe(entry, size: registry.sizeBytes(entry), current: loaded)
    }
    return .json(["models": .object(models), "current": text(loaded)])
  }

  func listLoRAs() async throws -> HTTPResponse {
    let files = try await workers.run { [folders, configuration] in
      ModelRegistry.loras(folder: folders.loras).map { file in
        // What cannot be used is not worth reading, and may be no file.
        (file, hash: file.error == nil ? configuration.fileHash("\(folders.loras)/\(file.file)") : nil)
      }
    }
    return .json(["loras": .array(files.map(describe))])
  }

  /// - Parameters: size of the file in bytes, `nil` when it is absent; current the resident model's id.
  private func describe(_ entry: ModelEntry, size: Int?, current: String?) -> JSONValue {
    let defaults = entry.defaults
    return [
      "downloaded": .bool(size != nil),
      "loaded": .bool(entry.id == current),
      "description": .string(entry.description),
      "display_name": .string(entry.displayName),
      "aliases": strings(entry.aliases),
      "architecture": .string(entry.architecture),
      "prediction": text(entry.prediction),
      "zero_terminal_snr": entry.zeroTerminalSNR.map(JSONValue.bool) ?? .null,
      "vae": text(entry.vae),
      "defaults": [
        "cfg": JSONValue(floatLiteral: defaults.cfg), "steps": integer(defaults.steps),
        "width": integer(defaults.width), "height": integer(defaults.height),
        "scheduler": text(defaults.scheduler), "clip_skip": integer(defaults.clipSkip),
        "cfg_rescale": number(defaults.cfgRescale), "timestep_spacing": text(defaults.timestepSpacing),
      ],
      "negative_prompt": text(entry.negativePrompt),
      "prompt_guide": entry.promptGuide.map { guide in
        [
          "quality_tags": strings(guide.qualityTags), "style": text(guide.style),
          "notes": text(guide.notes),
        ]
      } ?? .null,
      "size_bytes": integer(size),
      "sha256": text(entry.sha256),
    ]
  }

  private func describe(_ file: LoRAFile, hash: String?) -> JSONValue {
    [
      "name": .string(file.name), "file": .string(file.file), "size_bytes": integer(file.sizeBytes),
      "base_model": text(file.baseModel), "type": text(file.type?.rawValue), "hash": text(hash),
      "rank": integer(file.rank),
      "trigger_words": strings(file.triggerWords), "error": text(file.error),
    ]
  }

  private func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

  private func integer(_ value: Int?) -> JSONValue { value.map { .number(JSONNumber($0)) } ?? .null }

  private func number(_ value: Double?) -> JSONValue { value.map { JSONValue(floatLiteral: $0) } ?? .null }

  private func strings(_ values: [String]) -> JSONValue { .array(values.map(JSONValue.string)) }
}
