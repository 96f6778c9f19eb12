import Generation
import StableDiffusion

/// A request's texts, read in its style.
struct Texts {
  let prompt: StableDiffusionXL.Prompt
  /// `nil` when there is no guidance pass; the negative prompt is not encoded then.
  let guidance: StableDiffusionXL.Guidance?

  /// - Parameter inversion: reads a textual inversion.
  /// - Throws: `GenerationError` naming the field that cannot be read; `TorchError`.
  init(
    _ request: GenerationRequest, _ networks: StableDiffusionXL,
    inversion: (AdapterFile) throws -> TextualInversion
  ) throws {
    let names = InversionNames(request.embeddings.map(\.name))
    func read(_ text: String, _ subject: PromptError.Subject) throws -> StableDiffusionXL.Prompt {
      let named = names.indices(in: text).sorted().map { request.embeddings[$0] }
      do {
        return try networks.prompt(
          text, style: .init(request.promptStyle), clipSkip: request.clipSkip,
          inversions: named.map(inversion)
        )
      } catch let error as PromptError {
        throw GenerationError(error, of: subject)
      } catch let error as CheckpointError {
        throw GenerationError(.invalidRequest, error.description, field: subject.field)
      }
    }
    prompt = try read(request.prompt, .prompt)
    // An error whether or not guidance reads it: the answer must not depend on another field.
    let negative: StableDiffusionXL.Prompt? =
      switch request.negativePrompt {
      case .zeros: nil
      case .text(let text): try read(text, .negativePrompt)
      }
    guidance =
      request.cfgScale > 1
      ? .init(
        scale: request.cfgScale, negative: negative, rescale: request.cfgRescale,
        start: request.guidanceInterval.start, end: request.guidanceInterval.end) : nil
  }

  /// Both texts and the size, encoded.
  /// - Parameter pause: called now and then: what it throws ends the encoding.
  /// - Throws: `GenerationError` naming the field whose weights leave nothing to compute with; `TorchError`.
  func condition(
    _ request: GenerationRequest, _ networks: StableDiffusionXL, pause: () throws -> Void
  ) throws -> ImageConditioning {
    do {
      return try networks.condition(
        prompt, guidance: guidance, width: request.width, height: request.height, pause: pause)
    } catch let error as PromptError {
      throw GenerationError(error, of: error.subject)
    }
  }
}

extension Texts {
  /// The textual inversions that stood in what is encoded, each once.
  var embeddings: [EmbeddingReport] {
    let used = prompt.inversionsUsed
    let others = (guidance?.negative?.inversionsUsed ?? []).filter { !used.contains($0) }
    return (used + others).map { EmbeddingReport(name: $0.name, vectors: $0.count) }
  }
}

extension GenerationError {
  /// - Parameter subject: the text that was read.
  fileprivate init(_ error: PromptError, of subject: PromptError.Subject) {
    let subject = error.subject == .clipSkip ? .clipSkip : subject
    self.init(.invalidRequest, error.message, field: subject.field)
  }
}

extension PromptError.Subject {
  /// The request's field.
  fileprivate var field: String {
    switch self {
    case .prompt: "prompt"
    case .negativePrompt: "negative_prompt"
    case .clipSkip: "clip_skip"
    }
  }
}

extension StableDiffusionXL.Prompt.Style {
  fileprivate init(_ style: PromptStyle) {
    switch style {
    case .a1111: self = .a1111
    case .comfy: self = .comfy
    case .diffusers: self = .diffusers
    }
  }
}
