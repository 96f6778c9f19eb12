import Registry

/// Which registered model a request gets.
struct ModelChoice {
  let registry: ModelRegistry
  /// The id of the resident model.
  let loaded: String?
  /// The operator's default.
  let preferred: String?

  /// - Parameter asked: an id or alias; `nil` for a request that names no model.
  /// - Throws: 404 for a name that is not registered, 503 when the file is absent or there is no model at all.
  func find(_ asked: String?) throws(APIError) -> ModelEntry {
    guard let asked else { return try fallback() }
    guard let entry = registry.find(asked) else {
      let available = registry.available.map(\.id)
      let list = available.isEmpty ? "none" : available.joined(separator: ", ")
      throw APIError(404, "model_not_found", "Unknown model: \(asked). Available: \(list)")
    }
    return try downloaded(entry)
  }

  private func fallback() throws(APIError) -> ModelEntry {
    if let entry = loaded.flatMap({ registry.find($0) }) { return entry }
    if let entry = preferred.flatMap({ registry.find($0) }) { return try downloaded(entry) }
    if let entry = registry.available.first { return entry }
    guard let first = registry.models.first else {
      throw APIError(503, "no_model", "No model is registered")
    }
    return try downloaded(first)
  }

  private func downloaded(_ entry: ModelEntry) throws(APIError) -> ModelEntry {
    guard registry.isDownloaded(entry) else {
      throw APIError(
        503, "model_not_downloaded",
        "Model not downloaded: \(entry.id). Run: darkroom models pull \(entry.id)")
    }
    return entry
  }
}

extension ModelRegistry {
  /// The models whose file is present, in the registry's order.
  var available: [ModelEntry] { models.filter(isDownloaded) }
}
