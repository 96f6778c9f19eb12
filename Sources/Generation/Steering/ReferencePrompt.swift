public import Images

/// Pictures whose look is taken over, and the IP-Adapter that reads them.
public struct ReferencePrompt: Codable, Sendable, Equatable {
  /// How several references become one.
  public enum Combination: String, Codable, Sendable, Hashable, CaseIterable {
    /// Their tokens beside each other in one attention, as diffusers does with a list of pictures.
    case concatenate
    /// The weighted mean of what the image encoder says of them.
    case average
  }

  public struct Reference: Codable, Sendable, Equatable {
    /// Square, as large as the image encoder's input: 224 × 224 for CLIP ViT-H.
    public var picture: RGBImage
    /// What a face detector (InsightFace's ArcFace) says of the face in it: 512 numbers, for FaceID adapters alone.
    public var face: [Float]?
    /// How much it counts beside the others, 0 to 4: 2 is as though it were given twice.
    public var weight: Double
    /// Where it counts: white. The picture's size; `nil` is everywhere.
    public var mask: GrayImage?

    public init(_ picture: RGBImage, weight: Double = 1, mask: GrayImage? = nil) {
      (self.picture, self.weight, self.mask) = (picture, weight, mask)
    }
  }

  public var adapter: AdapterFile
  /// The folder of the image encoder: `config.json` and `model.safetensors`.
  public var encoder: AdapterFile
  /// 1 to 4.
  public var references: [Reference]
  public var combination = Combination.concatenate
  /// 0 to 2.
  public var scale = 0.7
  /// The part of the run in which it counts, as shares of the steps, 0 to 1.
  public var start = 0.0
  public var end = 1.0
  /// Which attentions look at it.
  public var blocks = Blocks.all

  /// Which attentions look at a reference.
  /// Source: Wang et al. 2024, "InstantStyle"; diffusers' guide to IP-Adapter, "Style and layout control".
  public enum Blocks: String, Codable, Sendable, Hashable, CaseIterable {
    case all
    /// `up_blocks.0.attentions.1` alone.
    case style
    /// `down_blocks.2.attentions.1` alone.
    case composition
    case styleAndComposition = "style_and_composition"
  }

  public init(adapter: AdapterFile, encoder: AdapterFile, references: [Reference]) {
    (self.adapter, self.encoder, self.references) = (adapter, encoder, references)
  }
}
