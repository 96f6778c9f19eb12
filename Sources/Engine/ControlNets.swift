import Generation
import Images
import StableDiffusion
import Torch

/// The ControlNets beside the resident model, read when they are first wanted.
///
/// They are of the model's UNet and go with it. Few are kept: one of SDXL's takes as much as half the UNet.
struct ControlNets {
  /// In the order in which they were wanted last.
  private var kept: [Kept] = []

  private struct Kept {
    let source: AdapterFile
    let version: ControlNetVersion
    let network: ControlNet
  }

  /// How many are kept, unless one picture wants more.
  static let limit = 2

  /// The networks of `controls`, in their order; those that are kept are not read again unless their files changed.
  /// - Throws: `GenerationError` for a file that is no ControlNet of the model; `TorchError`; what `loading` throws.
  ///   What was kept and is not wanted may be gone then.
  mutating func networks(
    for controls: [ControlPrompt], beside model: StableDiffusionXL, _ loading: Loading
  ) throws -> [ControlNet] {
    let wanted = Set(controls.map(\.network))
    try makeRoom(for: wanted, on: model)
    return try controls.map { try network($0.network, model, loading) }
  }

  /// Those of `controls` that are kept.
  func kept(of controls: [ControlPrompt]) -> [ControlNet] {
    kept.filter { kept in controls.contains { $0.network == kept.source } }.map(\.network)
  }

  private mutating func network(
    _ source: AdapterFile, _ model: StableDiffusionXL, _ loading: Loading
  ) throws -> ControlNet {
    let version = ControlNetVersion(path: source.path)
    if let index = kept.firstIndex(where: { $0.source == source && $0.version == version }), version.isKnown {
      kept.append(kept.remove(at: index))
      return kept[kept.count - 1].network
    }
    kept.removeAll { $0.source == source }
    do {
      let network = try ControlNet(
        path: source.path, for: model,
        progress: loading.file(source.name, path: ControlNetFiles(source.path).weights))
      // Another file may have taken the name meanwhile: then what was read is not known, and is read again.
      let isSame = version == ControlNetVersion(path: source.path)
      kept.append(Kept(source: source, version: isSame ? version : .unknown, network: network))
      return network
    } catch let error as CheckpointError {
      throw GenerationError(
        .invalidRequest, "The ControlNet \(source.name) cannot be used: \(error.description)",
        field: "control")
    }
  }

  /// Drops what is not wanted, the one that was not wanted for longest first, until there is room for the others.
  private mutating func makeRoom(for wanted: Set<AdapterFile>, on model: StableDiffusionXL) throws {
    let missing = wanted.subtracting(kept.map(\.source)).count
    var dropped = false
    while kept.count + missing > Self.limit,
      let index = kept.firstIndex(where: { !wanted.contains($0.source) })
    {
      kept.remove(at: index)
      dropped = true
    }
    if dropped { try model.options.device.emptyCache() }
  }
}

/// The files of a ControlNet as they are now.
private struct ControlNetVersion: Equatable {
  let weights: FileVersion?
  let configuration: FileVersion?

  static let unknown = ControlNetVersion(weights: nil, configuration: nil)

  var isKnown: Bool { weights != nil }

  init(weights: FileVersion?, configuration: FileVersion?) {
    (self.weights, self.configuration) = (weights, configuration)
  }

  init(path: String) {
    let files = ControlNetFiles(path)
    self.init(
      weights: FileVersion(path: files.weights),
      configuration: files.configuration.flatMap(FileVersion.init(path:)))
  }
}

extension ImageConditioning {
  /// Takes over what a request steers with beyond its texts: controls, perturbed attention, FreeU.
  /// - Throws: `GenerationError` for a picture that is not as large as the result; `TorchError`.
  mutating func steer(_ request: GenerationRequest, _ networks: [ControlNet]) throws {
    controls = try zip(networks, request.controls).map { network, control in
      let size = (control.picture.width, control.picture.height)
      guard size == (request.width, request.height) else {
        throw GenerationError(
          .invalidRequest,
          "The picture for \(control.network.name) is \(size.0) × \(size.1), the result "
            + "\(request.width) × \(request.height)", field: "control")
      }
      return try Control(
        network, control.picture, .init(scale: control.scale, start: control.start, end: control.end))
    }
    perturbedAttention = request.perturbedAttention.map {
      .init(scale: $0.scale, adaptiveScale: $0.adaptiveScale)
    }
    freeU = request.freeU.map { .init(s1: $0.s1, s2: $0.s2, b1: $0.b1, b2: $0.b2) }
  }
}
