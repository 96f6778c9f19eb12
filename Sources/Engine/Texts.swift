import Generation
import StableDiffusion

/// A request's texts as tokens, each checked to fit one window.
struct Texts {
  let prompt: StableDiffusionXL.Prompt
  /// `nil` when there is no guidance pass; the negative prompt is not read then.
  let guidance: StableDiffusionXL.Guidance?

  /// - Throws: `GenerationError` naming the field that is too long.
  init(_ request: GenerationRequest, _ networks: StableDiffusionXL) throws(GenerationError) {
    func tokens(_ text: String, field: String) throws(GenerationError) -> StableDiffusionXL.Prompt {
      do {
        return try networks.prompt(text)
      } catch {
        throw GenerationError(
          .promptTooLong, "\(error.count) tokens; at most \(error.limit) are supported so far", field: field)
      }
    }
    prompt = try tokens(request.prompt, field: "prompt")
    // Too long is an error whether or not guidance reads it: the answer must not depend on another field.
    let negative: StableDiffusionXL.Prompt? =
      switch request.negativePrompt {
      case .zeros: nil
      case .text(let text): try tokens(text, field: "negative_prompt")
      }
    guidance = request.cfgScale > 1 ? .init(scale: request.cfgScale, negative: negative) : nil
  }
}
