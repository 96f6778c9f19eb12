import Generation
import Images
import StableDiffusion

/// The IP-Adapter and the image encoder beside a model, and what the encoder said of the last pictures.
///
/// One of each is kept, until another is wanted or a file of theirs changes.
struct ReferenceNetworks {
  private var adapter: Kept<IPAdapter>?
  private var encoder: Kept<ImageEncoder>?
  private var remembered: [Remembered] = []

  /// Answers of the encoder that are kept.
  private static let capacity = 16

  /// A network, and the files it was read from: none where that cannot be told.
  private struct Kept<Network> {
    let source: AdapterFile
    let files: [FileVersion]
    let network: Network

    func serves(_ wanted: AdapterFile, _ now: [FileVersion]) -> Bool {
      source == wanted && !files.isEmpty && files == now
    }
  }

  /// What the encoder said of a picture, or of none. Pictures are told apart by all of their bytes.
  private struct Remembered {
    let picture: RGBImage?
    let embedding: ImageEmbedding
  }

  /// Whether there is all that a reference needs.
  var areLoaded: Bool { adapter != nil && encoder != nil }

  /// Reads what of the networks and the pictures is not known yet.
  /// - Throws: `GenerationError` naming the field for files that do not fit; `TorchError`; what `loading` throws.
  mutating func read(
    _ prompt: ReferencePrompt, for model: StableDiffusionXL, _ loading: Loading
  ) throws -> ReferenceReading {
    let ipAdapter: IPAdapter = try GenerationError.naming("ip_adapter") {
      try adapter(prompt.adapter, for: model, loading)
    }
    let form = ipAdapter.kind.form
    let seen: Seen = try GenerationError.naming("image_encoder") {
      try see(prompt, as: form, model.options, loading)
    }
    var all: References = try GenerationError.naming("ip_adapter") {
      try References(ipAdapter, seen.references, blank: seen.blank)
    }
    (all.combination, all.blocks) = (.init(prompt.combination), .init(prompt.blocks))
    (all.scale, all.start, all.end) = (prompt.scale, prompt.start, prompt.end)
    let report = ReferenceReport(
      adapter: prompt.adapter.name, kind: ipAdapter.kind.rawValue, references: seen.references.count,
      encoded: seen.encoded)
    return ReferenceReading(references: all, report: report)
  }

  /// What the encoder says of a request's pictures and of none, and how many it read for that.
  private struct Seen {
    var references: [References.Reference] = []
    let blank: ImageEmbedding
    var encoded = 0
  }

  private mutating func see(
    _ prompt: ReferencePrompt, as form: ImageEmbedding.Form, _ options: StableDiffusionXL.Options,
    _ loading: Loading
  ) throws -> Seen {
    let network = try encoder(prompt.encoder, options, loading)
    var seen = Seen(
      blank: try embedding(of: nil, as: form) { try network.blank(as: form, pause: loading.pause) })
    for reference in prompt.references {
      let embedding = try embedding(of: reference.picture, as: form) {
        seen.encoded += 1
        return try network.encode(reference.picture, as: form, pause: loading.pause)
      }
      seen.references.append(
        .init(embedding, face: reference.face, weight: reference.weight, mask: reference.mask))
    }
    return seen
  }

  private mutating func adapter(
    _ wanted: AdapterFile, for model: StableDiffusionXL, _ loading: Loading
  ) throws -> IPAdapter {
    let files = Self.versions([wanted.path])
    if let adapter, adapter.serves(wanted, files) { return adapter.network }
    adapter = nil
    let network = try IPAdapter(
      path: wanted.path, for: model, progress: loading.file(wanted.name, path: wanted.path))
    let isSame = files == Self.versions([wanted.path])
    adapter = Kept(source: wanted, files: isSame ? files : [], network: network)
    return network
  }

  private mutating func encoder(
    _ wanted: AdapterFile, _ options: StableDiffusionXL.Options, _ loading: Loading
  ) throws -> ImageEncoder {
    let paths = [ImageEncoder.configurationPath(wanted.path), ImageEncoder.weightsPath(wanted.path)]
    let files = Self.versions(paths)
    if let encoder, encoder.serves(wanted, files) { return encoder.network }
    (encoder, remembered) = (nil, [])
    let network = try ImageEncoder(
      folder: wanted.path, options: options,
      progress: loading.file(wanted.name, path: ImageEncoder.weightsPath(wanted.path)))
    let isSame = files == Self.versions(paths)
    encoder = Kept(source: wanted, files: isSame ? files : [], network: network)
    return network
  }

  /// None where one of the files cannot be looked at.
  private static func versions(_ paths: [String]) -> [FileVersion] {
    let found = paths.compactMap { FileVersion(path: $0) }
    return found.count == paths.count ? found : []
  }

  private mutating func embedding(
    of picture: RGBImage?, as form: ImageEmbedding.Form, make: () throws -> ImageEmbedding
  ) throws -> ImageEmbedding {
    let place = remembered.firstIndex { $0.embedding.form == form && $0.picture == picture }
    let found = try place.map { remembered.remove(at: $0) } ?? Remembered(picture: picture, embedding: make())
    // What was used last is forgotten last.
    remembered.insert(found, at: 0)
    if remembered.count > Self.capacity { remembered.removeLast() }
    return found.embedding
  }
}

/// A request's references, read, and the account of it.
struct ReferenceReading {
  let references: References
  let report: ReferenceReport

  /// The same picture beside the references.
  /// - Throws: `GenerationError` naming the field for what this model cannot do with them; `TorchError`.
  func added(to image: ImageConditioning, in model: StableDiffusionXL) throws -> ImageConditioning {
    do {
      return try GenerationError.naming("ip_adapter") { try image.seeing(references, in: model) }
    } catch ReferenceError.noSuchBlocks(let blocks) {
      throw GenerationError(
        .invalidRequest, "This model has no attention in \(blocks)", field: "ip_adapter_blocks")
    } catch ReferenceError.maskOfAMean {
      throw GenerationError(
        .invalidRequest, "A mask is of one reference: masks do not go with the mean of all",
        field: "reference_combination")
    }
  }
}

extension GenerationError {
  /// Runs `body`; what it finds wrong with a file is the fault of `field`.
  fileprivate static func naming<Value>(_ field: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as CheckpointError {
      throw GenerationError(.invalidRequest, error.description, field: field)
    }
  }
}

extension References.Combination {
  fileprivate init(_ combination: ReferencePrompt.Combination) {
    switch combination {
    case .concatenate: self = .concatenated
    case .average: self = .averaged
    }
  }
}

extension References.Blocks {
  fileprivate init(_ blocks: ReferencePrompt.Blocks) {
    switch blocks {
    case .all: self = .all
    case .style: self = .style
    case .composition: self = .composition
    case .styleAndComposition: self = .styleAndComposition
    }
  }
}
