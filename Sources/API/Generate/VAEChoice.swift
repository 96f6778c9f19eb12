import Generation
import Registry

/// Which decoder a request gets.
struct VAEChoice {
  /// Those in the `vae` folder, by name.
  let present: [VAESource]

  init(_ registry: ModelRegistry) {
    present = registry.vaes.map { VAESource(name: $0.name, path: $0.path) }
  }

  /// - Parameter asked: a name; `nil` for a request that names none.
  /// - Returns: `nil` for the checkpoint's own.
  /// - Throws: 404 for a name that is not there, 503 when it is the model's default.
  func find(asked: String?, _ entry: ModelEntry) throws(APIError) -> VAESource? {
    guard let name = asked ?? entry.vae else { return nil }
    if let vae = present.first(where: { $0.name == name }) { return vae }
    let list = present.isEmpty ? "none" : present.map(\.name).joined(separator: ", ")
    guard asked != nil else {
      let why = "its vae \(name) is not in the vae folder; available: \(list)"
      throw APIError(GenerationError(.modelNotLoaded, why), model: entry.id)
    }
    throw APIError(404, "vae_not_found", "Unknown vae: \(name). Available: \(list)")
  }
}
