import Generation
import StableDiffusion

/// A request's texts, read in its style.
struct Texts {
  let prompt: StableDiffusionXL.Prompt
  /// `nil` when there is no guidance pass; the negative prompt is not encoded then.
  let guidance: StableDiffusionXL.Guidance?

  /// - Throws: `GenerationError` naming the field that cannot be read.
  init(_ request: GenerationRequest, _ networks: StableDiffusionXL) throws(GenerationError) {
    func read(_ text: String, _ subject: PromptError.Subject) throws(GenerationError)
      -> StableDiffusionXL.Prompt
    {
      do {
        return try networks.prompt(text, style: .init(request.promptStyle), clipSkip: request.clipSkip)
      } catch {
        throw GenerationError(error, of: subject)
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

extension GenerationError {
  /// - Parameter subject: the text that was read.
  fileprivate init(_ error: PromptError, of subject: PromptError.Subject) {
    let field =
      switch error.subject == .clipSkip ? .clipSkip : subject {
      case .prompt: "prompt"
      case .negativePrompt: "negative_prompt"
      case .clipSkip: "clip_skip"
      }
    self.init(.invalidRequest, error.message, field: field)
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
