import Generation
import Registry

/// Which decoder a request gets.
struct VAEChoice: Sendable {
  /// A name in the `vae` folder.
  let name: String
  /// The model whose default it is; `nil` when the client named it.
  let isDefaultOf: ModelEntry?

  /// - Parameter asked: the request's name, where it has one.
  /// - Returns: `nil` for the checkpoint's own decoder.
  init?(asked: String?, _ entry: ModelEntry) {
    guard let name = asked ?? entry.vae else { return nil }
    (self.name, isDefaultOf) = (name, asked == nil ? entry : nil)
  }

  /// Looks into the folder and reads the header of the file; may wait for the disk.
  /// - Throws: 404 for a name that is not there, 503 when it is the model's default, or the file holds something
  ///   else.
  func find(in folder: String) throws(APIError) -> VAESource {
    guard let file = ModelRegistry.vae(named: name, folder: folder) else { throw absent(folder) }
    if let error = file.error { throw APIError(503, "vae_not_loaded", "VAE not loaded: \(name): \(error)") }
    return VAESource(name: file.name, path: file.path)
  }

  private func absent(_ folder: String) -> APIError {
    let available = ModelRegistry.vaes(folder: folder).filter { $0.error == nil }.map(\.name)
    let list = available.isEmpty ? "none" : available.joined(separator: ", ")
    guard let entry = isDefaultOf else {
      return APIError(404, "vae_not_found", "Unknown vae: \(name). Available: \(list)")
    }
    let why = "its vae \(name) is not in the vae folder; available: \(list)"
    return APIError(GenerationError(.modelNotLoaded, why), model: entry.id)
  }
}
