import Generation
import StableDiffusion

/// The LoRAs that are on the resident model's weights, and what was read of those used last.
struct LoRAShelf {
  /// What is on the weights, in order, and what it did there; `nil` while it is being changed.
  private var applied: (selections: [Selection], account: Account)? = ([], Account())
  /// The ones used last at the end.
  private var kept: [Kept] = []

  /// A LoRA of a request, and which content its file has.
  private struct Selection: Equatable {
    let file: AdapterFile
    let version: FileVersion?
    let scale: Double

    init(_ selection: LoRASelection) {
      (file, scale) = (selection.file, selection.scale)
      version = FileVersion(path: selection.file.path)
    }
  }

  private struct Kept {
    let path: String
    let version: FileVersion
    let lora: LoRA
  }

  /// What a request's LoRAs did.
  struct Account {
    var reports: [LoRAReport] = []
    var warnings: [String] = []
  }

  /// Bytes of factors that stay in memory beside those in use, so that a change of scale reads no file.
  private let keptBytes: Int

  init(keptBytes: Int = 1 << 30) { self.keptBytes = keptBytes }

  /// Puts a request's LoRAs on the weights, and takes all others off. The same ones again cost nothing.
  /// - Throws: `GenerationError` naming file and tensor; `TorchError`; what `loading` throws. No weight is changed then.
  mutating func apply(
    _ selections: [LoRASelection], to networks: StableDiffusionXL, _ loading: Loading
  ) throws -> Account {
    let wanted = selections.map(Selection.init)
    if let applied, applied.selections == wanted, wanted.allSatisfy({ $0.version != nil }) {
      return applied.account
    }
    defer { trim() }
    do {
      var loras: [(lora: LoRA, strength: Double)] = []
      for selection in wanted { loras.append((try lora(selection, networks, loading), selection.scale)) }
      applied = nil
      try networks.apply(loras, pause: loading.pause)
      let account = account(of: selections, loras.map(\.lora))
      applied = (wanted, account)
      return account
    } catch let error as LoRAError {
      throw GenerationError(.invalidRequest, error.description, field: "loras")
    }
  }

  /// What `wanted` names, read unless it was kept and its file is still the same.
  private mutating func lora(
    _ wanted: Selection, _ networks: StableDiffusionXL, _ loading: Loading
  ) throws -> LoRA {
    if let place = kept.firstIndex(where: { $0.path == wanted.file.path }) {
      let known = kept.remove(at: place)
      if known.version == wanted.version {
        kept.append(known)
        return known.lora
      }
    }
    let (name, path) = (wanted.file.name, wanted.file.path)
    let lora = try LoRA(path: path, for: networks, progress: loading.file(name, path: path))
    // Another file may have taken the name meanwhile: what cannot be told is read again.
    if let version = wanted.version, version == FileVersion(path: wanted.file.path) {
      kept.append(Kept(path: wanted.file.path, version: version, lora: lora))
    }
    return lora
  }

  /// Lets go of what was used longest ago.
  private mutating func trim() {
    var bytes = kept.reduce(0) { $0 + $1.lora.byteCount }
    while bytes > keptBytes, let first = kept.first {
      bytes -= first.lora.byteCount
      kept.removeFirst()
    }
  }

  private func account(of selections: [LoRASelection], _ loras: [LoRA]) -> Account {
    var account = Account()
    for (selection, lora) in zip(selections, loras) {
      let counts = selection.scale == 0 ? (unet: 0, textEncoder: 0, textEncoder2: 0) : lora.layerCounts
      account.reports.append(
        LoRAReport(
          name: selection.file.name, scale: selection.scale, unetLayers: counts.unet,
          textEncoderLayers: counts.textEncoder, textEncoder2Layers: counts.textEncoder2))
      account.warnings += lora.notes.filter { !account.warnings.contains($0) }
    }
    return account
  }
}
