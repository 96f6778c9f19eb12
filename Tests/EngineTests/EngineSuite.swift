import Generation
import Images
import TestSupport

@testable import Engine

/// A suite with an engine, and what all of them ask of it.
protocol EngineSuite {
  var engine: TorchEngine { get }
}

extension EngineSuite {
  func image(_ request: GenerationRequest) async throws -> RGBImage {
    try await engine.generate(request) { _ in }.image
  }

  /// `nil` when the request is made.
  func failure(_ request: GenerationRequest) async -> GenerationError? {
    do {
      _ = try await engine.generate(request) { _ in }
      return nil
    } catch {
      return error as? GenerationError
    }
  }
}

extension TorchEngine {
  /// On the CPU, in float32, with the vocabulary of `folder`.
  static func forTests(_ folder: TemporaryFolder) throws -> TorchEngine {
    try TorchEngine(
      EngineConfiguration(
        vocabulary: VocabularyFile(modelsFolder: folder.path), device: "cpu", dtype: "float32"))
  }
}
