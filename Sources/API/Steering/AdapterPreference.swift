public import Generation
public import Registry

/// Which IP-Adapter reads references where the client names none: the likeliest of those that can.
struct AdapterPreference {
  let folders: AdapterFolders
  /// Whose pictures they are.
  let entry: ModelEntry
  /// Whether each reference comes with a face's embedding, which FaceID adapters want and no other takes.
  let hasFaces: Bool

  /// What its authors call the one for SDXL with the encoder that is in common use.
  private static let usual = "ip-adapter_sdxl_vit-h"

  private enum Verdict {
    /// The lower, the better.
    case fits(rank: Int)
    case cannot(String)
  }

  /// Reads headers.
  /// - Throws: 503 where there is none; it says of each that is there why it cannot.
  func find() throws(APIError) -> AdapterFile {
    let (encoder, context) = (folders.imageEncoder.widths, entry.contextWidth)
    var best: (rank: Int, file: AdapterFile)?
    var complaints: [String] = []
    for adapter in folders.folder(.ipAdapter).entries {
      switch verdict(adapter, encoder, context) {
      // Those of one rank go by name.
      case .fits(let rank) where rank < best?.rank ?? .max:
        best = (rank, AdapterFile(name: adapter.name, path: adapter.path))
      case .fits: continue
      case .cannot(let why): complaints.append("\(adapter.name): \(why)")
      }
    }
    if let best { return best.file }
    let why = complaints.isEmpty ? "" : " (\(complaints.joined(separator: "; ")))"
    throw APIError(
      503, "no_ip_adapter",
      "There is no IP-Adapter to read references with\(why): put \(Self.usual).safetensors into ip-adapter in the "
        + "models folder")
  }

  private func verdict(
    _ adapter: AdapterFolder.Entry, _ encoder: ImageEncoderFolder.Widths, _ context: Int?
  ) -> Verdict {
    if let error = adapter.error { return .cannot(error) }
    let contents = adapter.ipAdapter
    let given = contents.kind == .plain ? encoder.projected : encoder.hidden
    // What headers do not tell is told by whoever reads the files.
    if let taken = contents.encoderWidth, let given, taken != given {
      return .cannot("it takes embeddings of width \(taken), and the image encoder gives \(given)")
    }
    if let made = contents.contextWidth, let context, made != context {
      return .cannot("it makes tokens of width \(made), and the model's attentions take \(context)")
    }
    if contents.kind == .facePlus {
      return hasFaces ? .fits(rank: 0) : .cannot("it wants a face_embedding beside each reference")
    }
    if adapter.name == Self.usual { return .fits(rank: 1) }
    switch contents.kind {
    case .plain: return .fits(rank: 2)
    case .plus: return .fits(rank: 3)
    case .other, .facePlus: return .fits(rank: 4)
    }
  }
}

extension ReferenceFiles {
  /// What reads references to a model's pictures where the client names nothing; `nil` where that is not there. Waits for
  /// the disk.
  public init?(in folders: AdapterFolders, for entry: ModelEntry) {
    let encoder = folders.imageEncoder
    let preference = AdapterPreference(folders: folders, entry: entry, hasFaces: false)
    guard encoder.isPresent, let adapter = try? preference.find() else { return nil }
    self.init(adapter: adapter, encoder: AdapterFile(encoder))
  }
}

extension AdapterFile {
  init(_ encoder: ImageEncoderFolder) { self.init(name: "image_encoder", path: encoder.path) }
}
