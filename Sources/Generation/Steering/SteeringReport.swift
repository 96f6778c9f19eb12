/// What the adapters of a request really did.
public struct SteeringReport: Codable, Sendable, Equatable {
  /// In the request's order.
  public var loras: [LoRAReport] = []
  /// Textual inversions that stood in the prompts, and the vectors of each.
  public var embeddings: [EmbeddingReport] = []
  public var reference: ReferenceReport?
  public var controls: [ControlReport] = []
  /// Evaluated steps of the first pass; fewer than asked with a picture to start from.
  public var stepsMade: Int?
  /// What a client should know though the picture is what was asked for, a sentence each.
  public var warnings: [String] = []

  public init() {}
}

public struct LoRAReport: Codable, Sendable, Equatable {
  public var name: String
  public var scale: Double
  /// Layers it changed, by network.
  public var unetLayers: Int
  public var textEncoderLayers: Int
  public var textEncoder2Layers: Int

  public init(name: String, scale: Double, unetLayers: Int, textEncoderLayers: Int, textEncoder2Layers: Int) {
    (self.name, self.scale, self.unetLayers) = (name, scale, unetLayers)
    (self.textEncoderLayers, self.textEncoder2Layers) = (textEncoderLayers, textEncoder2Layers)
  }
}

public struct EmbeddingReport: Codable, Sendable, Equatable {
  public var name: String
  public var vectors: Int

  public init(name: String, vectors: Int) { (self.name, self.vectors) = (name, vectors) }
}

public struct ReferenceReport: Codable, Sendable, Equatable {
  public var adapter: String
  /// `plain`, `plus` or `faceid_plus_v2`.
  public var kind: String
  public var references: Int
  /// References that the image encoder read for this picture; the others were remembered.
  public var encoded: Int

  public init(adapter: String, kind: String, references: Int, encoded: Int) {
    (self.adapter, self.kind, self.references, self.encoded) = (adapter, kind, references, encoded)
  }
}

public struct ControlReport: Codable, Sendable, Equatable {
  public var network: String
  public var scale: Double

  public init(network: String, scale: Double) { (self.network, self.scale) = (network, scale) }
}
