import CheckpointKinds
import NN
import Safetensors
import Torch

/// An IP-Adapter from a file of its own: keys and values of reference pictures for each cross-attention of one UNet.
///
/// Not Sendable: it holds tensors, on the thread that owns them.
/// Source: diffusers `loaders/unet.py`, `_load_ip_adapter_weights`; Ye et al. 2023, "IP-Adapter".
public final class IPAdapter {
  /// The file's base name.
  public let file: String
  public let kind: Kind
  let tokens: ImageTokens
  let attentions: [ReferenceProjection]
  /// What it adds to the attentions' own layers, by `Attention.path`; of a face adapter alone.
  let changes: [String: AttentionChange]

  public enum Kind: String, Sendable {
    /// One vector says it all.
    case plain
    /// A resampler looks at every patch.
    case plus
    /// The same, led by what a face detector says of the picture; it changes the attentions' own layers too.
    case facePlusV2 = "faceid_plus_v2"

    /// What it reads of the image encoder.
    public var form: ImageEmbedding.Form { self == .plain ? .projected : .hidden }
  }

  /// Reads every weight.
  /// - Parameters:
  ///   - path: a safetensors file with `image_proj.…` and `ip_adapter.…`.
  ///   - model: what it is for; its attentions' sizes are what the file's must be.
  ///   - progress: called with the bytes just read; what it throws ends the loading.
  /// - Throws: `CheckpointError` for a file that is no IP-Adapter, one for another network, or a tensor that is
  ///   missing, misshapen or of no use; `TorchError`.
  public init(
    path: String, for model: StableDiffusionXL, progress: @escaping (Int) throws -> Void = { _ in }
  ) throws {
    let (unet, options) = (model.networks.unet, model.options)
    let source = try CheckpointError.wrapping { try SafetensorsFile(path: path) }
    file = source.name
    (kind, tokens, attentions, changes) = try CheckpointError.wrapping(partOf: "an IP-Adapter for this model")
    {
      let found = FileKind(of: source.header)
      // A file that nothing is known of is told by what it lacks.
      guard found == .ipAdapter || found == .unknown else {
        throw ForeignFile(file: source.name, kind: found, wanted: "an IP-Adapter")
      }
      let store = WeightStore(
        source, sources: source.header.tensors.mapValues { WeightSource($0) }, device: options.device,
        progress: progress)
      // It runs once a picture, and every step hangs on it, as on the text encoders.
      let projection = Weights(store, path: "image_proj", formats: .text(options.dtype, on: options.device))
      try Self.refuseOtherFaces(projection)
      let tokens = try ImageTokens(projection, context: unet.contextC)
      let layers = Weights(store, path: "ip_adapter", dtype: options.dtype)
      let attentions = try unet.crossAttentions.enumerated().map { index, attention in
        // Self-attentions have the even numbers.
        try ReferenceProjection(layers[2 * index + 1], attention, context: unet.contextC)
      }
      let changes =
        try tokens.kind == .facePlusV2
        ? unet.attentions.enumerated().map { index, attention in
          (attention.path, try AttentionChange(layers[index], attention))
        } : []
      try store.requireAllTaken()
      return (tokens.kind, tokens, attentions, Dictionary(changes) { first, _ in first })
    }
  }

  /// - Throws: `CheckpointError` for the kinds of FaceID that are not known here.
  private static func refuseOtherFaces(_ w: Weights) throws(CheckpointError) {
    guard w["proj"].has("0"), !w.has("perceiver_resampler") else { return }
    throw CheckpointError("\(w.store.name) is an IP-Adapter FaceID of another kind than FaceID-plus-v2")
  }

  /// - Throws: `CheckpointError` when the adapter was trained on another image encoder.
  func checkFit(_ embedding: ImageEmbedding) throws(CheckpointError) {
    let given = embedding.states.size(-1)
    guard embedding.form == kind.form, given == tokens.inC else {
      let tensor =
        switch kind {
        case .plain: "image_proj.proj.weight"
        case .plus: "image_proj.proj_in.weight"
        case .facePlusV2: "image_proj.perceiver_resampler.proj_in.weight"
        }
      throw CheckpointError(
        "\(file): tensor \(tensor) takes embeddings of width \(tokens.inC), and the image encoder gives \(given)"
      )
    }
  }

  /// Why it cannot be told this of a face, or must be told more; `nil` where that is what it takes.
  func problem(withFace face: [Float]?) -> String? {
    guard face?.count != tokens.faceC else { return nil }
    guard let faceC = tokens.faceC else {
      return "\(file) is no IP-Adapter FaceID: it takes no embedding of a face"
    }
    return """
      \(file) is an IP-Adapter FaceID: it wants an embedding of the face, \(faceC) numbers, beside each picture; \
      they come from a face detector (InsightFace), which Darkroom does not have
      """
  }

  /// - Parameters: states of the image encoder; face as many numbers as a face adapter takes.
  /// - Returns: `[1, tokens, context]`.
  func tokens(_ states: Tensor, face: [Float]?) throws(TorchError) -> Tensor {
    switch tokens {
    case .plain(let projection): return try projection(states)
    case .plus(let resampler): return try resampler(states)
    case .face(let projection):
      let face = try Tensor(face ?? [], [1, projection.faceC]).to(states.device).to(formatOf: states)
      return try projection(states, face: face)
    }
  }
}

/// The keys and values of references for one cross-attention.
/// Source: diffusers `models/attention_processor.py`, IPAdapterAttnProcessor2_0.
final class ReferenceProjection {
  let toKIP: Linear, toVIP: Linear
  let attention: Attention
  private let name: String

  init(_ w: Weights, _ attention: Attention, context: Int) throws {
    toKIP = try Linear(w["to_k_ip"], context, attention.channels, bias: .absent)
    toVIP = try Linear(w["to_v_ip"], context, attention.channels, bias: .absent)
    self.attention = attention
    name = "\(w.store.name): tensor \(w.path)"
  }

  /// - Parameters: tokens `[1, S, context]`; scale a factor of the values.
  /// - Throws: `CheckpointError` when they are not finite; `TorchError`.
  func callAsFunction(_ tokens: Tensor, scale: Double) throws -> ReferenceContext.Sight {
    let x = try tokens.to(toKIP.dtype)
    let (keys, values) = (try toKIP(x), try toVIP(x))  // [1, S, C]
    guard try keys.allFinite() else {
      throw CheckpointError("\(name).to_k_ip.weight gives numbers that are not finite")
    }
    guard try values.allFinite() else {
      throw CheckpointError("\(name).to_v_ip.weight gives numbers that are not finite")
    }
    return ReferenceContext.Sight(
      keys: try attention.split(keys), values: try attention.split(values * scale))
  }
}
