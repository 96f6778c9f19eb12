import Generation
import Logging

/// An engine whose work is counted and, at level debug, logged: the one place where prompts are.
struct ObservedEngine: ImageEngine {
  let engine: any ImageEngine
  let metrics: EngineMetrics
  let logger: Logger

  var status: EngineStatus { engine.status }

  func generate(
    _ request: GenerationRequest, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws -> GenerationResult {
    logger.debug(
      "making a picture",
      metadata: [
        "model": "\(request.model.id)", "seed": "\(request.seed)", "steps": "\(request.steps)",
        "size": "\(request.width)x\(request.height)", "prompt": "\(request.prompt)",
        "negative_prompt": "\(request.negativePrompt)",
      ])
    let stopwatch = metrics.stopwatch()
    do {
      let result = try await engine.generate(request) { news in
        if case .step = news { stopwatch.step() }
        progress(news)
      }
      metrics.finished(swap: result.report.timings.swap, load: result.report.timings.load)
      return result
    } catch {
      metrics.failed(error)
      throw error
    }
  }

  func load(
    _ model: ModelSource, progress: @escaping @Sendable (GenerationProgress) -> Void
  ) async throws {
    try await engine.load(model, progress: progress)
  }
}
