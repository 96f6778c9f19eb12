import Foundation
import Generation
import TestSupport
import Testing

@testable import Engine

/// Textual inversions through the engine.
@Suite(.serialized) struct EmbeddingTests {
  let folder: TemporaryFolder
  let engine: TorchEngine

  init() throws {
    folder = try TemporaryFolder.withPocket()
    engine = try .forTests(folder)
  }

  private func request(_ prompt: String, negative: String = "", named: String...) throws -> GenerationRequest
  {
    var request = GenerationRequest(
      model: ModelSource(id: "pocket", path: folder.path("pocket.safetensors")), prompt: prompt,
      negativePrompt: .text(negative), width: 64, height: 64, steps: 1, cfgScale: 4, seed: 7,
      scheduler: SchedulerChoice(.euler))
    request.embeddings = named.map { AdapterFile(name: $0, path: folder.path("\($0).safetensors")) }
    return request
  }

  private func write(_ fixture: String, as name: String) throws {
    let source = Repository.root.appending(path: "Tests/Fixtures/inversion/\(fixture).safetensors")
    _ = try folder.write(Data(contentsOf: source), to: "\(name).safetensors")
  }

  private func made(_ request: GenerationRequest) async throws -> GenerationResult {
    try await engine.generate(request) { _ in }
  }

  @Test func reportsWhatStoodInThePrompts() async throws {
    try write("wisp", as: "wisp")
    try write("one-mark", as: "mark")
    let plain = try await made(request("a photo of wisp", negative: "mark"))
    let result = try await made(request("a photo of wisp", negative: "mark", named: "mark", "wisp", "absent"))
    #expect(
      result.report.steering.embeddings == [.init(name: "wisp", vectors: 3), .init(name: "mark", vectors: 1)])
    #expect(result.report.promptTokens == 6 && result.report.negativePromptTokens == 1)
    #expect(result.image != plain.image)
    #expect(try await made(request("a photo of wisp", negative: "mark")).image == plain.image)

    // A negative prompt that is not used is not told of.
    var unguided = try request("a cat", negative: "mark", named: "mark")
    unguided.cfgScale = 1
    #expect(try await made(unguided).report.steering.embeddings == [])
  }

  @Test func readsAChangedFileAgain() async throws {
    try write("wisp", as: "wisp")
    let first = try await made(request("wisp", named: "wisp"))
    #expect(try await made(request("wisp", named: "wisp")).image == first.image)
    try FileManager.default.removeItem(atPath: folder.path("wisp.safetensors"))
    try write("one-mark", as: "wisp")
    let second = try await made(request("wisp", named: "wisp"))
    #expect(second.report.steering.embeddings == [.init(name: "wisp", vectors: 1)])
    #expect(second.image != first.image)
  }

  @Test func wrongFilesAreTheRequestsFault() async throws {
    _ = try folder.write(Data("no tensors".utf8), to: "broken.safetensors")
    for (prompt, negative, field) in [("a broken", "", "prompt"), ("a", "broken", "negative_prompt")] {
      let wrong = try request(prompt, negative: negative, named: "broken")
      let error = await #expect(throws: GenerationError.self) { try await made(wrong) }
      #expect(error?.kind == .invalidRequest && error?.field == field)
      #expect(error?.message.hasPrefix("broken.safetensors") == true)
    }
    // A file whose name does not stand there is not looked at.
    _ = try await made(request("brokenhearted", named: "broken"))
  }
}
