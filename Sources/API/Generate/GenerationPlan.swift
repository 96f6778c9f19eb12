import Generation
import JSON
import Registry

/// What a valid body asks for, with every default filled in and every name resolved.
struct GenerationPlan: Sendable {
  let entry: ModelEntry
  /// Of the first picture. Without files and pictures until `resolve`.
  var request: GenerationRequest
  /// How many pictures: each is that of a request with the next seed.
  let count: Int
  /// What steers them, as it was asked for; its pictures have pixels until `resolve`.
  private(set) var order: SteeringOrder
  /// What is left to do to each picture.
  private(set) var finish: PictureFinish?
  /// Steps from one preview to the next, for a client that takes any.
  let previewEvery: Int
  /// Whether the job goes on without its client.
  let isDetached: Bool
  /// The decoder, which is looked for on the disk.
  private let vae: VAEChoice?
  /// The body it came from, with long texts cut; for the `input` of a 422.
  let body: JSONObject
}

extension GenerationPlan {
  /// - Parameters:
  ///   - values: of a body that `FieldTable.generate` found valid.
  ///   - body: that body.
  ///   - entry: the model to use.
  ///   - maxPixels: the most that width × height may be.
  /// - Throws: 422 for values that do not go together, all of them at once; 503 where the model's own defaults are at fault.
  init(
    _ values: FieldValues, of body: JSONObject, entry: ModelEntry, maxPixels: Int
  ) throws(APIError) {
    let defaults = entry.defaults
    var mistakes = Mistakes(in: body)
    let style: PromptStyle = values.choice("prompt_style") ?? .a1111
    let (prompt, networks) = try Self.prompt(values.text("prompt") ?? "", style, body)
    order = SteeringOrder(values, prompt: networks, &mistakes)
    let (width, height) = order.size(
      values, (defaults.width, defaults.height), maxPixels: maxPixels, &mistakes)
    (self.entry, self.body, vae) = (entry, body.abbreviated(), VAEChoice(asked: values.text("vae"), entry))
    (previewEvery, isDetached, count) = (values.previewEvery, values.isDetached, values.integer("n") ?? 1)
    var request = GenerationRequest(
      model: try Self.source(of: entry), prompt: prompt, negativePrompt: .zeros, width: width, height: height,
      steps: values.integer("steps") ?? defaults.steps, cfgScale: values.number("cfg_scale") ?? defaults.cfg,
      seed: Self.seed(values.integer("seed")), scheduler: try Self.scheduler(values, entry))
    request.promptStyle = style
    request.clipSkip = values.integer("clip_skip") ?? defaults.clipSkip ?? request.clipSkip
    request.cfgRescale = values.number("cfg_rescale") ?? defaults.cfgRescale ?? 0
    request.guidanceInterval = GuidanceInterval(
      start: values.number("cfg_start") ?? 0, end: values.number("cfg_end") ?? 1)
    Self.aid(&request, values, maxPixels: maxPixels, &mistakes)
    Self.check(request, order, count: count, &mistakes)
    try Self.check(request, values, entry, maxPixels: maxPixels, mistakes)
    request.negativePrompt = try Self.negativePrompt(values, entry, style: request.promptStyle)
    self.request = request
  }

  /// Finds every file and prepares every picture, whose originals are let go; waits for the disk and computes long.
  /// - Throws: 404 for a name that is not there; 422 for a file or a picture that cannot be used; 503 where what is
  ///   wrong is not the client's.
  mutating func resolve(in folders: AdapterFolders) throws(APIError) {
    request.vae = try vae?.find(in: folders.vaes)
    finish = try order.resolve(&request, in: folders, entry, body)
    order.letPixelsGo()
  }

  /// Denoising steps of all pictures.
  var steps: Int { count * request.plannedSteps }

  /// The requests of all pictures, in order.
  var requests: [GenerationRequest] {
    (0..<count).map { index in
      var request = request
      request.seed += UInt64(index)
      return request
    }
  }

  /// The prompt as it is encoded, and the LoRAs that its style reads in it.
  private static func prompt(
    _ text: String, _ style: PromptStyle, _ body: JSONObject
  ) throws(APIError) -> (String, [PromptNetworks.LoRA]) {
    guard style == .a1111 else { return (text, []) }
    do {
      let networks = try PromptNetworks(text)
      return (networks.text, networks.loras)
    } catch {
      throw APIError([ValidationIssue(["prompt"], error, input: body["prompt"] ?? .null)])
    }
  }

  private static func aid(
    _ request: inout GenerationRequest, _ values: FieldValues, maxPixels: Int, _ mistakes: inout Mistakes
  ) {
    if let scale = values.number("pag_scale"), scale > 0 {
      var guidance = PerturbedAttentionGuidance(scale: scale)
      guidance.adaptiveScale = values.number("pag_adaptive_scale") ?? 0
      request.perturbedAttention = guidance
    }
    request.freeU = values.object("freeu").map { FreeU($0) }
    request.secondPass = values.object("hires").flatMap {
      SecondPass($0, after: request, maxPixels: maxPixels, &mistakes)
    }
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
      try PromptSyntax.check(text, style: style, side: .negative)
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
