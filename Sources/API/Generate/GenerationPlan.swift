import Generation
import JSON
import Registry

/// What a valid body asks for, with every default filled in and every name resolved.
struct GenerationPlan: Sendable {
  let entry: ModelEntry
  let request: GenerationRequest
  /// As sent, with its escapes.
  let prompt: String
  /// As sent or as the registry has it; `nil` means zeros.
  let negativePrompt: String?
  let style: PromptStyle
  /// The request had no negative prompt of its own.
  private let negativePromptIsDefault: Bool
}

extension GenerationPlan {
  /// - Parameters:
  ///   - values: of a body that `FieldTable.generate` found valid.
  ///   - entry: the model to use.
  ///   - maxPixels: the most that width × height may be.
  init(_ values: FieldValues, entry: ModelEntry, maxPixels: Int) throws(APIError) {
    self.entry = entry
    let defaults = entry.defaults
    style = PromptStyle(asked: values.text("prompt_style").map(JSONValue.string))
    prompt = values.text("prompt") ?? ""
    let ownNegativePrompt = values.text("negative_prompt")
    negativePrompt = ownNegativePrompt ?? entry.negativePrompt
    negativePromptIsDefault = ownNegativePrompt == nil
    let width = values.integer("width") ?? defaults.width
    let height = values.integer("height") ?? defaults.height
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, pixels <= maxPixels else {
      let problem = FieldProblem.value("\(width) x \(height) is over the limit of \(maxPixels) pixels")
      throw APIError([ValidationIssue(["width"], problem, input: .number(JSONNumber(width)))])
    }
    let scheduler = try Self.scheduler(values.text("scheduler"), entry: entry)
    let negative: NegativePrompt
    if let ownNegativePrompt {
      negative = .text(ownNegativePrompt)
    } else {
      negative = try Self.defaultNegativePrompt(entry, style: style)
    }
    var request = GenerationRequest(
      model: try Self.source(of: entry), prompt: prompt,
      negativePrompt: negative, width: width, height: height,
      steps: values.integer("steps") ?? defaults.steps, cfgScale: values.number("cfg_scale") ?? defaults.cfg,
      seed: Self.seed(values.integer("seed")), scheduler: SchedulerChoice(scheduler))
    request.promptStyle = style
    self.request = request
  }

  /// A seed drawn here is below 2^32, since the noise uses no more.
  private static func seed(_ asked: Int?) -> UInt64 {
    asked.flatMap { UInt64(exactly: $0) } ?? UInt64(UInt32.random(in: 0...UInt32.max))
  }

  private static func defaultNegativePrompt(
    _ entry: ModelEntry, style: PromptStyle
  ) throws(APIError) -> NegativePrompt {
    guard let text = entry.negativePrompt else { return .zeros }
    do {
      try PromptSyntax.check(text, style: style)
      return .text(text)
    } catch {
      // Pydantic's opening belongs to a list of mistakes.
      throw unusableNegativePrompt(entry, String(error.message.trimmingPrefix("Value error, ")))
    }
  }

  private static func scheduler(_ asked: String?, entry: ModelEntry) throws(APIError) -> SchedulerName {
    guard let name = asked ?? entry.defaults.scheduler else { return .eulerAncestral }
    do {
      return try SchedulerNames.find(name)
    } catch {
      guard asked == nil else {
        throw APIError([ValidationIssue(["scheduler"], error, input: .string(name))])
      }
      throw unusable(entry, "its default scheduler is not supported")
    }
  }

  /// What the engine is told of a model; refuses entries whose picture would not be what they promise.
  private static func source(of entry: ModelEntry) throws(APIError) -> ModelSource {
    guard entry.architecture == "sdxl" else {
      throw unusable(entry, "architecture \(entry.architecture) is not supported")
    }
    guard entry.vae == nil else { throw unusable(entry, "a vae of its own is not supported yet") }
    guard entry.defaults.clipSkip ?? 2 == 2 else {
      throw unusable(entry, "clip_skip other than 2 is not supported yet")
    }
    var prediction: Prediction?
    if let name = entry.prediction {
      guard let known = Prediction(rawValue: name) else {
        throw unusable(entry, "prediction \(name) is not known")
      }
      prediction = known
    }
    return ModelSource(id: entry.id, path: entry.path, prediction: prediction)
  }

  private static func unusableNegativePrompt(_ entry: ModelEntry, _ why: String) -> APIError {
    unusable(entry, "its default negative prompt cannot be used: \(why)")
  }

  private static func unusable(_ entry: ModelEntry, _ why: String) -> APIError {
    APIError(GenerationError(.modelNotLoaded, why), model: entry.id)
  }
}

extension GenerationPlan {
  /// What the client is told when the engine refuses the request: a mistake in what the registry filled in is
  /// the model's.
  /// - Parameter sent: the body of the request, for the `input` of a 422.
  func refusal(_ error: GenerationError, sent: JSONObject) -> APIError {
    switch error.kind {
    case .promptTooLong, .invalidRequest:
      guard negativePromptIsDefault, error.field == "negative_prompt" else { break }
      return Self.unusableNegativePrompt(entry, error.message)
    default: break
    }
    return APIError(error, model: entry.id, sent: sent)
  }
}
