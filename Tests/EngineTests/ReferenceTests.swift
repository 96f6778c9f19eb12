import Foundation
import Generation
import Images
import TestSupport
import Testing

@testable import Engine

/// References through the engine: what is read once, what is remembered, and what is refused.
@Suite(.serialized) struct ReferenceTests: EngineSuite {
  private let folder: TemporaryFolder
  let engine: TorchEngine
  private let pocket: ModelSource

  init() throws {
    folder = try TemporaryFolder.withPocket()
    let models = Repository.models
    let encoder = folder.url.appending(path: "image_encoder")
    try FileManager.default.createDirectory(at: encoder, withIntermediateDirectories: true)
    for name in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(
        at: models.appending(path: "ip-adapter/image_encoder/\(name)"), to: encoder.appending(path: name))
    }
    try FileManager.default.copyItem(
      at: models.appending(path: "ip-adapter/ip-adapter_sdxl_vit-h.safetensors"),
      to: folder.url.appending(path: "adapter.safetensors"))
    engine = try .forTests(folder)
    pocket = ModelSource(id: "pocket", path: folder.path("pocket.safetensors"))
  }

  private func picture(_ level: UInt8, side: Int = 224) throws -> RGBImage {
    let pixels: [UInt8] = (0..<side * side).flatMap { place -> [UInt8] in [level, UInt8(place % 251), 40] }
    return try #require(RGBImage(width: side, height: side, pixels: pixels))
  }

  private func request(_ references: [ReferencePrompt.Reference] = []) -> GenerationRequest {
    var request = GenerationRequest(
      model: pocket, prompt: "a red circle", negativePrompt: .zeros, width: 64, height: 64, steps: 2,
      cfgScale: 4,
      seed: 7, scheduler: SchedulerChoice(.eulerAncestral))
    if !references.isEmpty {
      request.reference = ReferencePrompt(
        adapter: AdapterFile(name: "adapter", path: folder.path("adapter.safetensors")),
        encoder: AdapterFile(name: "image_encoder", path: folder.path("image_encoder")),
        references: references)
    }
    return request
  }

  @Test func aPictureIsReadOnce() async throws {
    #expect(!engine.status.ipAdapterLoaded)
    let plain = try await engine.generate(request()) { _ in }
    #expect(plain.report.steering.reference == nil)
    #expect(!engine.status.ipAdapterLoaded)

    let first = try await engine.generate(request([.init(picture(200))])) { _ in }
    #expect(
      first.report.steering.reference
        == ReferenceReport(adapter: "adapter", kind: "plain", references: 1, encoded: 1))
    #expect(engine.status.ipAdapterLoaded)
    #expect(first.image != plain.image)

    let again = try await engine.generate(request([.init(picture(200))])) { _ in }
    #expect(again.report.steering.reference?.encoded == 0)
    #expect(again.image == first.image)
    let both = try await engine.generate(request([.init(picture(200)), .init(picture(30))])) { _ in }
    #expect(both.report.steering.reference?.encoded == 1)
    #expect(both.report.steering.reference?.references == 2)
    // And nothing stays behind.
    #expect(try await engine.generate(request()) { _ in }.image == plain.image)

    var idle = try request([.init(picture(200))])
    idle.reference?.start = 0.5
    idle.reference?.end = 0.9
    let told = try await engine.generate(idle) { _ in }
    #expect(told.image == plain.image)
    #expect(
      told.report.steering.warnings == [
        "No step lies between ip_adapter_start 0.5 and ip_adapter_end 0.9, so that references had no part in the picture"
      ])
  }

  @Test func theirNetworksComeWithTheModel() async throws {
    let plain = try await engine.generate(request()) { _ in }.image
    let seen = try request([.init(picture(200))])
    let first = try await engine.generate(seen) { _ in }
    var other = ModelSource(id: "other", path: folder.path("pocket.safetensors"))
    // The encoder and what it said stay when the model goes,
    try await engine.load(other) { _ in }
    #expect(!engine.status.ipAdapterLoaded)
    let files = ReferenceFiles(
      adapter: AdapterFile(name: "adapter", path: folder.path("adapter.safetensors")),
      encoder: AdapterFile(name: "image_encoder", path: folder.path("image_encoder")))
    (other.id, other.referenceFiles) = ("another", files)
    try await engine.load(other) { _ in }
    #expect(engine.status.ipAdapterLoaded)
    var again = seen
    again.model.id = "another"
    let told = try await engine.generate(again) { _ in }
    #expect(told.report.steering.reference?.encoded == 0)
    #expect(told.image == first.image)
    // and a damaged file keeps no model from serving.
    try Data("no adapter".utf8).write(to: folder.url.appending(path: "adapter.safetensors"))
    other.id = "last"
    try await engine.load(other) { _ in }
    #expect(engine.status.model == "last" && !engine.status.ipAdapterLoaded)
    var last = request()
    last.model = other
    #expect(try await engine.generate(last) { _ in }.image == plain)
  }

  /// The sixteen that were seen last are remembered, the answer to no picture among them.
  @Test func whatIsRememberedIsBounded() async throws {
    for level in 0..<16 {
      _ = try await engine.generate(request([.init(picture(UInt8(level)))])) { _ in }
    }
    func encoded(_ level: UInt8) async throws -> Int? {
      try await engine.generate(request([.init(picture(level))])) { _ in }.report.steering.reference?.encoded
    }
    #expect(try await encoded(15) == 0)
    #expect(try await encoded(1) == 0)
    #expect(try await encoded(0) == 1)
  }

  @Test func changedFilesAreReadAgain() async throws {
    let wanted = try request([.init(picture(9))])
    let image = try await engine.generate(wanted) { _ in }.image
    let path = folder.path("image_encoder/model.safetensors")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 5)], ofItemAtPath: path)
    let again = try await engine.generate(wanted) { _ in }
    #expect(again.report.steering.reference?.encoded == 1)
    #expect(again.image == image)

    try Data("no adapter".utf8).write(to: folder.url.appending(path: "adapter.safetensors"))
    let error = await failure(wanted)
    #expect((error?.kind, error?.field) == (.invalidRequest, "ip_adapter"))
    #expect(error?.message.hasPrefix("adapter.safetensors") == true)
    #expect(!engine.status.ipAdapterLoaded)
    #expect(try await engine.generate(request()) { _ in }.report.steering.reference == nil)
  }

  @Test func whatDoesNotFitNamesTheField() async throws {
    var wanted = try request([.init(picture(9, side: 100))])
    var error = await failure(wanted)
    #expect((error?.kind, error?.field) == (.invalidRequest, "image_encoder"))
    #expect(error?.message == "model.safetensors takes pictures of 224 × 224 pixels, not 100 × 100")

    let mask = try #require(GrayImage(width: 64, height: 64, pixels: [UInt8](repeating: 255, count: 4096)))
    wanted = try request([.init(picture(9), mask: mask)])
    wanted.reference?.combination = .average
    error = await failure(wanted)
    #expect((error?.kind, error?.field) == (.invalidRequest, "reference_combination"))

    wanted = try request([.init(picture(9)), .init(picture(9))])
    wanted.reference?.references[1].face = [1, 2]
    error = await failure(wanted)
    #expect((error?.kind, error?.field, error?.element) == (.invalidRequest, "face_embedding", 1))

    wanted = try request([.init(picture(9))])
    wanted.reference?.encoder.path = folder.path("nowhere")
    error = await failure(wanted)
    #expect((error?.kind, error?.field) == (.invalidRequest, "image_encoder"))
    #expect(error?.message.contains("/") == false)
    #expect(await failure(request()) == nil)
  }
}
