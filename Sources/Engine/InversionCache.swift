import Generation
import StableDiffusion

/// The textual inversions that were read last, for one model.
struct InversionCache {
  /// The last one used at the end.
  private var entries: [Entry] = []

  private struct Entry {
    let source: AdapterFile
    let file: FileVersion
    let inversion: TextualInversion
  }

  /// A vector takes about 8 kB, so this is tens of megabytes at the very most.
  private static let capacity = 32

  /// The inversion in `source`, read unless it is here and its file is still the one that was read.
  /// - Throws: `CheckpointError`, `TorchError`.
  mutating func inversion(_ source: AdapterFile, for model: StableDiffusionXL) throws -> TextualInversion {
    let file = FileVersion(path: source.path)
    if let place = entries.firstIndex(where: { $0.source == source }) {
      let entry = entries.remove(at: place)
      if entry.file == file {
        entries.append(entry)
        return entry.inversion
      }
    }
    let inversion = try TextualInversion(name: source.name, path: source.path, for: model)
    // Another file may have taken the name meanwhile: what cannot be told is read again.
    if let file, file == FileVersion(path: source.path) {
      entries.append(Entry(source: source, file: file, inversion: inversion))
      if entries.count > Self.capacity { entries.removeFirst() }
    }
    return inversion
  }
}
