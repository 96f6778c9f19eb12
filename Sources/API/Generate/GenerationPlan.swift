import Generation
import JSON
import Registry

/// What a valid body asks for, with every default filled in and every name resolved.
struct GenerationPlan: Sendable {
  let entry: ModelEntry
  /// Without the decoder, which is looked for on the disk.
  var request: GenerationRequest
  /// Steps from one preview to the next, for a client that takes any.
  let previewEvery: Int
  /// Whether the job goes on without its client.
  let isDetached: Bool
  /// The fields that have a value of the client's.
  private let sent: Set<String>
}

extension GenerationPlan {
  /// - Parameters:
  ///   - values: of a body that `FieldTable.generate` found valid.
  ///   - entry: the model to use.
  ///   - maxPixels: the most that width × height may be.
  /// - Throws: 422 for values that do not go together, all of them at once; 503 where the model's own defaults are at fault.
  init(
    _ values: FieldValues, entry: ModelEntry, maxPixels: Int
  ) throws(APIError) {
    let defaults = entry.defaults
    (self.entry, sent) = (entry, values.names)
    (previewEvery, isDetached) = (values.previewEvery, values.isDetached)
    var request = GenerationRequest(
      model: try Self.source(of: entry), prompt: values.text("prompt") ?? "", negativePrompt: .zeros,
      width: values.integer("width") ?? defaults.width, height: values.integer("height") ?? defaults.height,
      steps: values.integer("steps") ?? defaults.steps, cfgScale: values.number("cfg_scale") ?? defaults.cfg,
      seed: Self.seed(values.integer("seed")), scheduler: try Self.scheduler(values, entry))
    request.promptStyle = values.text("prompt_style").flatMap(PromptStyle.init) ?? .a1111
    request.clipSkip = values.integer("clip_skip") ?? defaults.clipSkip ?? request.clipSkip
    request.cfgRescale = values.number("cfg_rescale") ?? defaults.cfgRescale ?? 0
    request.guidanceInterval = GuidanceInterval(
      start: values.number("cfg_start") ?? 0, end: values.number("cfg_end") ?? 1)

    try Self.check(request, values, entry, maxPixels: maxPixels)
    request.negativePrompt = try Self.negativePrompt(values, entry, style: request.promptStyle)
    self.request = request
  }

  /// A seed drawn here is below 2^32, since the noise uses no more.
  private static func seed(_ asked: Int?) -> UInt64 {
    asked.flatMap { UInt64(exactly: $0) } ?? UInt64(UInt32.random(in: 0...UInt32.max))
  }

  private static func negativePrompt(
    _ values: FieldValues, _ entry: ModelEntry, style: PromptStyle
  ) throws(APIError) -> NegativePrompt {
    if let text = values.text("negative_prompt") { return .text(text) }
    guard let text = entry.negativePrompt else { return .zeros }
    do {
      try PromptSyntax.check(text, style: style)
    } catch {
      throw unusableDefault("negative_prompt", entry, error.plainMessage)
    }
    return .text(text)
  }

  private static func scheduler(
    _ values: FieldValues, _ entry: ModelEntry
  ) throws(APIError) -> SchedulerChoice {
    let asked = values.text("scheduler")
    var choice = SchedulerChoice(.eulerAncestral)
    if let name = asked ?? entry.defaults.scheduler {
      do {
        choice = try SchedulerNames.find(name)
      } catch {
        guard asked == nil else {
          throw APIError([ValidationIssue(["scheduler"], error, input: .string(name))])
        }
        throw unusableDefault("scheduler", entry, error.plainMessage)
      }
    }
    choice.spacing = try spacing(values, entry, sampler: choice.name)
    choice.eta = values.number("eta") ?? 0
    return choice
  }

  /// A sampler with steps of its own takes no spacing; one that only the model's defaults name is not meant for
  /// a sampler that the client chose.
  private static func spacing(
    _ values: FieldValues, _ entry: ModelEntry, sampler: SchedulerName
  ) throws(APIError) -> TimestepSpacing {
    if let asked = values.text("timestep_spacing") { return TimestepSpacing(rawValue: asked) ?? .leading }
    guard let name = entry.defaults.timestepSpacing else { return .leading }
    guard let spacing = TimestepSpacing(rawValue: name) else {
      throw unusableDefault("timestep_spacing", entry, "\(name) is not known")
    }
    let isForAnother = values.text("scheduler") != nil && !sampler.spacings.contains(spacing)
    return isForAnother ? .leading : spacing
  }

  /// What the engine is told of a model; refuses entries whose picture would not be what they promise.
  private static func source(of entry: ModelEntry) throws(APIError) -> ModelSource {
    guard entry.architecture == "sdxl" else {
      throw unusable(entry, "architecture \(entry.architecture) is not supported")
    }
    if let name = entry.prediction, Prediction(rawValue: name) == nil {
      throw unusable(entry, "prediction \(name) is not known")
    }
    return ModelSource(entry)
  }

  static func unusableDefault(_ field: String, _ entry: ModelEntry, _ why: String) -> APIError {
    unusable(entry, "its default \(field) cannot be used: \(why)")
  }

  private static func unusable(_ entry: ModelEntry, _ why: String) -> APIError {
    APIError(GenerationError(.modelNotLoaded, why), model: entry.id)
  }
}

extension GenerationPlan {
  /// What the client is told when the engine refuses the request: a mistake in what the registry filled in is
  /// the model's.
  /// - Parameter body: of the request, for the `input` of a 422.
  func refusal(_ error: GenerationError, sent body: JSONObject) -> APIError {
    switch error.kind {
    case .invalidRequest:
      guard let field = error.field, !sent.contains(field) else { break }
      return Self.unusableDefault(field, entry, error.message)
    default: break
    }
    return APIError(error, model: entry.id, sent: body)
  }
}
