import Safetensors

/// What the header of an IP-Adapter's file tells; the weights themselves are not read.
/// Source of the names: tencent-ailab/IP-Adapter; diffusers `loaders/unet.py`, `_load_ip_adapter_weights`.
public struct IPAdapterContents: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// Reads the projected summary of a picture.
    case plain
    /// Reads every patch of it.
    case plus
    /// The same, led by what a face detector says of it: FaceID-plus.
    case facePlus
    /// None of these, or not to be told from here.
    case other
  }

  public let kind: Kind
  /// Channels taken of the image encoder; `nil` where that cannot be told.
  public let encoderWidth: Int?
  /// Channels given to the attentions; likewise.
  public let contextWidth: Int?
}

extension AdapterFolder.Entry {
  /// Reads the header of an IP-Adapter's file.
  public var ipAdapter: IPAdapterContents {
    guard let header = try? SafetensorsFile(path: path).header else {
      return IPAdapterContents(kind: .other, encoderWidth: nil, contextWidth: nil)
    }
    let (face, plus, plain) = (
      header.width("image_proj.perceiver_resampler.proj_in.weight", 1),
      header.width("image_proj.proj_in.weight", 1), header.width("image_proj.proj.weight", 1)
    )
    // What its last norm makes is what it gives.
    let norm = plus == nil ? "image_proj.norm.weight" : "image_proj.norm_out.weight"
    return IPAdapterContents(
      kind: face != nil ? .facePlus : plus != nil ? .plus : plain != nil ? .plain : .other,
      encoderWidth: face ?? plus ?? plain, contextWidth: header.width(norm, 0))
  }
}

extension ImageEncoderFolder {
  /// Channels of what it says of a picture; each `nil` where the header of its weights does not tell.
  public struct Widths: Sendable, Equatable {
    /// Of the summary, projected.
    public let projected: Int?
    /// Of a patch.
    public let hidden: Int?
  }

  /// Reads the header of its weights.
  public var widths: Widths {
    let header = try? SafetensorsFile(path: "\(path)/\(Self.weights)").header
    return Widths(
      projected: header?.width("visual_projection.weight", 0),
      hidden: header?.width("vision_model.embeddings.class_embedding", 0))
  }
}

extension ModelEntry {
  /// Channels that the attentions of its UNet take of texts and references; `nil` where the header of its file does not
  /// tell. Reads that header.
  public var contextWidth: Int? {
    let tensors = (try? SafetensorsFile(path: path).header)?.tensors ?? [:]
    let matrix = tensors.values.first { $0.name.hasSuffix(".attn2.to_k.weight") && $0.shape.count == 2 }
    return matrix?.shape[1]
  }
}

extension SafetensorsHeader {
  /// A dimension of a tensor; `nil` without it.
  fileprivate func width(_ tensor: String, _ dimension: Int) -> Int? {
    tensors[tensor].flatMap { $0.shape.indices.contains(dimension) ? $0.shape[dimension] : nil }
  }
}
