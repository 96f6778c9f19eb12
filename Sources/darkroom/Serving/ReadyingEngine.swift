import Generation

/// An engine that reads a model together with what references to its pictures need.
struct ReadyingEngine: ImageEngine {
  let engine: any ImageEngine
  /// Waits for the disk.
  let files: @Sendable (ModelSource) -> ReferenceFiles?

  var status: EngineStatus { engine.status }

  func generate(
    _ request: GenerationRequest, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws -> GenerationResult {
    var request = request
    // A request with references of its own may name another adapter.
    if status.model != request.model.id, request.reference == nil { ready(&request.model) }
    return try await engine.generate(request, progress: progress)
  }

  func load(
    _ model: ModelSource, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws {
    var model = model
    ready(&model)
    try await engine.load(model, progress: progress)
  }

  private func ready(_ model: inout ModelSource) { model.referenceFiles = files(model) }
}
