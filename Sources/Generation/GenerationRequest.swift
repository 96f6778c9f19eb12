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
  public var scheduler: SchedulerChoice
  public var promptStyle = PromptStyle.a1111
  /// The text encoders' layer as A1111 counts: 1 is the last, 2 the one before. 1 to 12.
  public var clipSkip = 2
  /// How much of the guided contrast is taken back, 0 to 1.
  public var cfgRescale = 0.0
  /// The part of the run that is guided.
  public var guidanceInterval = GuidanceInterval()
  /// A VAE in place of the checkpoint's own.
  public var vae: VAESource?
  /// Steps from one preview to the next; 0 for none. The picture does not depend on it.
  public var previewEvery = 0
  /// Applied in this order.
  public var loras: [LoRASelection] = []
  /// The textual inversions whose names stand in the prompts.
  public var embeddings: [AdapterFile] = []
  public var reference: ReferencePrompt?
  public var start: StartingPicture?
  public var controls: [ControlPrompt] = []
  public var perturbedAttention: PerturbedAttentionGuidance?
  public var freeU: FreeU?
  public var secondPass: SecondPass?

  public init(
    model: ModelSource, prompt: String, negativePrompt: NegativePrompt, width: Int, height: Int,
    steps: Int, cfgScale: Double, seed: UInt64, scheduler: SchedulerChoice
  ) {
    self.model = model
    self.prompt = prompt
    self.negativePrompt = negativePrompt
    (self.width, self.height) = (width, height)
    (self.steps, self.cfgScale, self.seed, self.scheduler) = (steps, cfgScale, seed, scheduler)
  }
}

extension GenerationRequest {
  /// Denoising steps that are really made, over both passes.
  public var plannedSteps: Int {
    firstPassSteps + (secondPass.map { Self.share($0.strength, of: $0.steps) } ?? 0)
  }

  /// Those of the first pass: with a picture to start from, fewer than `steps`.
  public var firstPassSteps: Int { start.map { Self.share($0.strength, of: steps) } ?? steps }

  /// Of a run of so many steps, those that `strength` leaves: diffusers' `get_timesteps`.
  public static func share(_ strength: Double, of steps: Int) -> Int {
    min(Int(Double(steps) * strength), steps)
  }

  /// Whether a preview belongs after `step` of the steps that are made. The last step's is the picture.
  public func wantsPreview(after step: Int, of stepsMade: Int) -> Bool {
    previewEvery > 0 && step < stepsMade && step.isMultiple(of: previewEvery)
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
  /// Whether the last timestep carries no signal, where the registry says; `nil` means: as the file says.
  public var zeroTerminalSNR: Bool?
  /// Read with the model, so that the first reference need not wait for them. Another model they do not make it.
  public var referenceFiles: ReferenceFiles?

  public init(id: String, path: String, prediction: Prediction? = nil, zeroTerminalSNR: Bool? = nil) {
    (self.id, self.path, self.prediction) = (id, path, prediction)
    self.zeroTerminalSNR = zeroTerminalSNR
  }
}

/// A VAE in a file of its own.
public struct VAESource: Codable, Sendable, Hashable {
  /// Its file's name without the ending.
  public var name: String
  /// Where the file lies. Never shown to clients.
  public var path: String

  public init(name: String, path: String) { (self.name, self.path) = (name, path) }
}

/// How the syntax and the length of prompts are read.
public enum PromptStyle: String, Codable, Sendable, Hashable, CaseIterable {
  /// AUTOMATIC1111's weights and `BREAK`; windows of 75 tokens, broken at commas.
  case a1111
  /// ComfyUI's weights and windows.
  case comfy
  /// Every character is text, windows as compel's.
  case diffusers
}

/// The part of a run in which guidance is used: from `start` up to `end`, as shares of the steps.
/// Source: Kynkäänniemi et al. 2024; diffusers `guiders/classifier_free_guidance.py`.
public struct GuidanceInterval: Codable, Sendable, Hashable {
  /// 0 to 1.
  public var start = 0.0
  /// 0 to 1.
  public var end = 1.0

  public init(start: Double = 0, end: Double = 1) { (self.start, self.end) = (start, end) }
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
