import CLIPTokenizer
import Torch

/// A text that does not fit one window of the text encoders.
public struct PromptTooLong: Error, Sendable, Equatable {
  /// Tokens of the text, and how many there may be.
  public let count: Int, limit: Int
}

extension StableDiffusionXL {
  /// A text as tokens, checked to fit one window.
  public struct Prompt: Sendable, Equatable {
    let tokens: [Int32]

    /// Tokens without start and end: 0 to 75.
    public var count: Int { tokens.count }
  }

  /// - Throws: `PromptTooLong` above 75 tokens: nothing is ever cut.
  public func prompt(_ text: String) throws(PromptTooLong) -> Prompt {
    let tokens = tokenizer.encode(text)
    let limit = CLIPTokenizer.windowLength - 2
    guard tokens.count <= limit else { throw PromptTooLong(count: tokens.count, limit: limit) }
    return Prompt(tokens: tokens)
  }

  /// The other side of guidance.
  public struct Guidance: Sendable {
    /// Above 1.
    public let scale: Double
    /// `nil` is zero embeddings.
    public let negative: Prompt?

    public init(scale: Double, negative: Prompt?) { (self.scale, self.negative) = (scale, negative) }
  }

  /// Encodes the texts and the size of a picture.
  /// - Parameters: guidance `nil` for no guidance pass; width and height in pixels.
  /// - Throws: `TorchError`.
  public func condition(
    _ prompt: Prompt, guidance: Guidance?, width: Int, height: Int
  ) throws -> ImageConditioning {
    var (context, pooled) = try encode(prompt)
    if let guidance {
      let (negative, negativePooled) =
        try guidance.negative.map(encode) ?? (context * 0.0, pooled * 0.0)
      context = try cat([negative, context], dim: 0)  // [2, 77, C]
      pooled = try cat([negativePooled, pooled], dim: 0)  // [2, pooled]
    }
    let (h, w) = (Double(height), Double(width))
    // Original size, crop's corner, target size: the picture is as it was asked for, uncropped.
    let added = try networks.unet.embed(pooled: pooled, timeIDs: [h, w, 0, 0, h, w])
    return ImageConditioning(
      conditioning: Conditioning(context: context, added: added, guidance: guidance?.scale),
      width: width, height: height)
  }

  /// - Returns: both encoders' states beside each other `[1, 77, C]`, and the second's summary `[1, pooled]`.
  private func encode(_ prompt: Prompt) throws -> (context: Tensor, pooled: Tensor) {
    let first = try networks.textEncoder(tokenizer.window(prompt.tokens, padding: .endOfText))
    let second = try networks.textEncoder2(tokenizer.window(prompt.tokens, padding: .zero))
    guard let pooled = second.pooled else {
      throw TorchError(kind: .internal, operation: "encode", shapes: [], message: "no text projection")
    }
    return (try cat([first.penultimate, second.penultimate], dim: 2), pooled)
  }
}

/// What a picture is to show, encoded for one model.
public struct ImageConditioning {
  let conditioning: Conditioning
  let width: Int, height: Int
}
