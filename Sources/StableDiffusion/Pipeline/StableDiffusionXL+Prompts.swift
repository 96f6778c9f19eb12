import CLIPTokenizer
import Torch

extension StableDiffusionXL {
  /// A text as the windows that both text encoders read, and how they are to be encoded.
  public struct Prompt: Sendable, Equatable {
    let style: Style
    /// The layer to read, as `CLIPTextModel` counts.
    let clipSkip: Int
    /// The windows of each encoder, at least one. They differ where `!` does, under style `diffusers` only.
    let first: [PromptWindow], second: [PromptWindow]
    /// Whose vectors the windows hold, by the order of their ids.
    let inversions: [TextualInversion]

    /// How a text is read.
    public enum Style: Sendable {
      /// AUTOMATIC1111's syntax, windows and weights.
      case a1111
      /// ComfyUI's.
      case comfy
      /// No syntax; windows as compel's, and `!` is the second encoder's padding.
      case diffusers
    }

    /// Those of the inversions that stand in it.
    public var inversionsUsed: [TextualInversion] {
      let ids = Set(first.flatMap { $0.tokens.map(\.id) })
      return zip(inversions, TokenReader.ids(of: inversions)).filter { ids.contains($1.lowerBound) }.map(\.0)
    }

    /// Tokens without start and end, a vector being one; the first encoder's.
    public var count: Int { first.reduce(0) { $0 + $1.tokens.count } }

    /// Windows of 77 that the text takes.
    public var windows: Int { max(first.count, second.count) }
  }

  /// Layers of the text encoder that has fewer: the most that `clipSkip` may be.
  public var textLayers: Int { min(networks.textEncoder.layers.count, networks.textEncoder2.layers.count) }

  /// Reads a text of any length: nothing is ever cut.
  /// - Parameters:
  ///   - clipSkip: the layer of the text encoders as A1111 counts: 1 the last, 2 the one before.
  ///   - inversions: read for this model; their vectors stand where their names do.
  /// - Throws: `PromptError` for syntax without a meaning, fewer layers than `clipSkip`, or vectors without end.
  public func prompt(
    _ text: String, style: Prompt.Style = .a1111, clipSkip: Int = 2, inversions: [TextualInversion] = []
  ) throws(PromptError) -> Prompt {
    guard (1...textLayers).contains(clipSkip) else {
      throw PromptError(.clipSkip, "the text encoders of this model have \(textLayers) layers to choose from")
    }
    let first: [PromptWindow]
    var second: [PromptWindow]?
    let reader = TokenReader(
      tokenizer, inversions, prefix: style == .comfy ? ComfySyntax.inversionMark : "")
    switch style {
    case .a1111: first = try A1111Syntax(text).windows(reader)
    case .comfy: first = try ComfySyntax(text).windows(reader)
    case .diffusers:
      first = reader.windows(of: text, by: tokenizer.encode(_:))
      second = reader.windows(of: text, by: tokenizer.encode(paddingMarks:))
    }
    let vectors = first.reduce(0) { $0 + $1.tokens.count { $0.id >= TokenReader.firstVector } }
    guard vectors <= Self.mostVectors else {
      throw PromptError(
        "textual inversions put \(vectors) vectors into this prompt, of at most \(Self.mostVectors)")
    }
    return Prompt(
      style: style, clipSkip: clipSkip, first: first, second: second ?? first, inversions: inversions)
  }

  /// Vectors of textual inversions that a prompt may hold: it is never much longer than one of words.
  private static let mostVectors = 10_000

  /// The other side of guidance.
  public struct Guidance: Sendable {
    /// Above 1.
    public let scale: Double
    /// `nil` is zero embeddings.
    public let negative: Prompt?
    /// How much of the contrast that guidance adds is taken back, 0 to 1.
    public let rescale: Double
    /// The part of the run that is guided, as shares of the steps, 0 to 1: from `start` up to `end`.
    public let start: Double, end: Double

    public init(
      scale: Double, negative: Prompt?, rescale: Double = 0, start: Double = 0, end: Double = 1
    ) {
      (self.scale, self.negative, self.rescale) = (scale, negative, rescale)
      (self.start, self.end) = (start, end)
    }
  }

  /// Encodes the texts and the size of a picture.
  /// - Parameters: guidance `nil` for no guidance pass; width and height in pixels; pause called before each
  ///   window: what it throws ends the encoding.
  /// - Throws: `PromptError` for weights that leave no finite states; `TorchError`.
  public func condition(
    _ prompt: Prompt, guidance: Guidance?, width: Int, height: Int, pause: () throws -> Void = {}
  ) throws -> ImageConditioning {
    let (h, w) = (Double(height), Double(width))
    // Original size, crop's corner, target size: the picture is as it was asked for, uncropped.
    func side(_ text: EncodedText) throws -> Conditioning.Side {
      let timeIDs = [h, w, 0, 0, h, w]
      return try Conditioning.Side(
        context: AttentionContext(text: text.context.to(options.dtype)),
        added: networks.unet.embed(pooled: text.pooled, timeIDs: timeIDs), pooled: text.pooled,
        timeIDs: timeIDs)
    }
    let windows = max(prompt.extent, guidance?.negative?.extent ?? 0)
    let text = try encode(prompt, windows: windows, pause: pause)
    let positive = try side(text)
    var contrast: Conditioning.Contrast?
    if let guidance {
      let negative: EncodedText
      if let prompt = guidance.negative {
        do {
          negative = try encode(prompt, windows: windows, pause: pause)
        } catch var error as PromptError {
          error.subject = .negativePrompt
          throw error
        }
      } else {
        negative = try EncodedText(context: text.context * 0.0, pooled: text.pooled * 0.0)
      }
      contrast = try Conditioning.Contrast(guidance, positive: positive, negative: side(negative))
    }
    return ImageConditioning(
      conditioning: Conditioning(positive: positive, contrast: contrast), width: width,
      height: height)
  }
}

extension StableDiffusionXL.Prompt {
  /// Windows that the other side is extended to where the style does so.
  fileprivate var extent: Int { style == .diffusers ? windows : 0 }
}

extension TokenReader {
  /// Windows of a text without syntax, whose words are read by `encode`.
  fileprivate func windows(of text: String, by encode: (String) -> [Int32]) -> [PromptWindow] {
    let pieces = pieces(of: Array(text.unicodeScalars)[...])
    return PromptWindow.cutting(
      pieces.flatMap { piece in
        switch piece {
        case .text(let text): encode(String(String.UnicodeScalarView(text)))
        case .vectors(let ids): Array(ids)
        }
      })
  }
}

extension PromptWindow {
  /// Runs of 75 tokens, wherever that cuts.
  fileprivate static func cutting(_ tokens: [Int32]) -> [PromptWindow] {
    let starts = stride(from: 0, to: max(tokens.count, 1), by: capacity)
    return starts.map { start in
      PromptWindow(tokens: tokens[start...].prefix(capacity).map { WeightedToken(id: $0, weight: 1) })
    }
  }
}

extension CLIPTokenizer {
  /// The tokens of a text in which every `!` is padding: it is the pad token of SDXL's second tokenizer, and
  /// transformers finds such tokens before it looks at words.
  fileprivate func encode(paddingMarks text: String) -> [Int32] {
    let parts = text.unicodeScalars.split(separator: "!", omittingEmptySubsequences: false)
    return Array(parts.map { encode(String($0)) }.joined(separator: [Padding.zero.id]))
  }
}

/// What a picture is to show, encoded for one model.
public struct ImageConditioning {
  let conditioning: Conditioning
  let width: Int, height: Int
  /// What ControlNets hold the picture to.
  public var controls: [Control] = []
  public var perturbedAttention: PerturbedAttentionGuidance?
  public var freeU: FreeU?
}
