/// One picture, fully specified: every default is already filled in, every name already resolved.
///
/// The server makes it from what a client sent and the registry; the engine runs it as it stands.
public struct GenerationRequest: Codable, Sendable, Equatable {
  public var model: ModelSource
  /// 0 to 10,000 characters.
  public var prompt: String
  public var negativePrompt: NegativePrompt
  /// Pixels, 64 to 2048, multiples of 8.
  public var width: Int
  public var height: Int
  /// Denoising steps, 1 to 150.
  public var steps: Int
  /// Guidance, 0 to 30. At 1 and below there is no guidance pass and the negative prompt is not used.
  public var cfgScale: Double
  /// 0 to 2^63 − 1. The noise uses the low 32 bits, as torch's CPU generator does.
  public var seed: UInt64
  public var scheduler: SchedulerName

  public init(
    model: ModelSource, prompt: String, negativePrompt: NegativePrompt, width: Int, height: Int,
    steps: Int, cfgScale: Double, seed: UInt64, scheduler: SchedulerName
  ) {
    self.model = model
    self.prompt = prompt
    self.negativePrompt = negativePrompt
    (self.width, self.height) = (width, height)
    (self.steps, self.cfgScale, self.seed, self.scheduler) = (steps, cfgScale, seed, scheduler)
  }
}

/// A checkpoint on this machine.
public struct ModelSource: Codable, Sendable, Hashable {
  /// The registry's name for it.
  public var id: String
  /// Where the file lies. Never shown to clients.
  public var path: String
  /// What the registry says of its prediction type; `nil` means: as the file says.
  public var prediction: Prediction?

  public init(id: String, path: String, prediction: Prediction? = nil) {
    (self.id, self.path, self.prediction) = (id, path, prediction)
  }
}

/// What the network was trained to answer.
public enum Prediction: String, Codable, Sendable, Hashable, CaseIterable {
  /// The noise.
  case epsilon
  /// The velocity `α·ε − σ·x₀`.
  case vPrediction = "v_prediction"
}

/// The other side of guidance.
public enum NegativePrompt: Codable, Sendable, Equatable {
  /// Zero embeddings, as diffusers does when none is given.
  case zeros
  /// Encoded like any text; the empty text too.
  case text(String)
}

/// The samplers, by their snake-case ids.
public enum SchedulerName: String, Codable, Sendable, Hashable, CaseIterable {
  case eulerAncestral = "euler_a"
  case euler = "euler"
}
