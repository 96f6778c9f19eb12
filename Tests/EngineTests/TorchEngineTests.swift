import Foundation
import Generation
import Images
import StableDiffusion
import Synchronization
import TestSupport
import Testing
import Torch

@testable import Engine

/// One engine for the suite: serialised, since it has one thread and one model.
@Suite(.serialized) struct TorchEngineTests: EngineSuite {
  let folder: TemporaryFolder
  let engine: TorchEngine

  init() throws {
    folder = try TemporaryFolder.withPocket()
    engine = try .forTests(folder)
  }

  private var pocket: ModelSource { ModelSource(id: "pocket", path: folder.path("pocket.safetensors")) }

  private func request(_ prompt: String = "a red circle", seed: UInt64 = 7, steps: Int = 2)
    -> GenerationRequest
  {
    GenerationRequest(
      model: pocket, prompt: prompt, negativePrompt: .zeros, width: 64, height: 64, steps: steps, cfgScale: 4,
      seed: seed, scheduler: SchedulerChoice(.eulerAncestral))
  }

  @Test func reportsWhatItDid() async throws {
    let steps = Mutex<[GenerationProgress]>([])
    let result = try await engine.generate(request(steps: 3)) { progress in
      steps.withLock { $0.append(progress) }
    }
    #expect(result.image.width == 64 && result.image.height == 64)
    #expect(result.report.prediction == .epsilon)
    #expect(result.report.predictionSource == "default")
    #expect(result.report.dtype == "float32" && result.report.device == "cpu")
    #expect(result.report.promptTokens == 3)
    #expect(result.report.timings.load > 0 && result.report.timings.denoise > 0)
    let seen = steps.withLock { $0 }
    #expect(seen.suffix(3) == [.step(1, of: 3), .step(2, of: 3), .step(3, of: 3)])
    let loaded = seen.compactMap {
      if case .loading("pocket", let bytes, let total) = $0 { (bytes, total) } else { nil }
    }
    #expect(loaded.count > 10)
    #expect(zip(loaded, loaded.dropFirst()).allSatisfy { $0.0 < $1.0 && $1.0 <= $1.1 })
    #expect(engine.status.model == "pocket")
    #expect(engine.status.state == .ready)
  }

  @Test func theSameRequestGivesTheSameBytes() async throws {
    let first = try await engine.generate(request()) { _ in }.image
    #expect(try await engine.generate(request(seed: 8)) { _ in }.image != first)
    // After another model,
    var other = request()
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("other.safetensors"), withDestinationPath: pocket.path)
    other.model = ModelSource(id: "other", path: folder.path("other.safetensors"))
    #expect(try await engine.generate(other) { _ in }.image == first)
    #expect(engine.status.model == "other")
    // a refused request
    #expect(await failure(request("(cat:1.2.3)"))?.kind == .invalidRequest)
    // and a cancelled one.
    let cancelled = Task { [engine, request = request(steps: 150)] in
      try await engine.generate(request) { _ in }
    }
    cancelled.cancel()
    _ = await cancelled.result
    #expect(try await engine.generate(request()) { _ in }.image == first)
  }

  @Test func previewsChangeNoByte() async throws {
    let plain = try await engine.generate(request(steps: 5)) { _ in }.image
    var asked = request(steps: 5)
    asked.previewEvery = 2
    let seen = Mutex<[GenerationProgress]>([])
    let image = try await engine.generate(asked) { progress in seen.withLock { $0.append(progress) } }.image
    #expect(image == plain)
    let previews = seen.withLock { $0 }.enumerated().filter { if case .preview = $1 { true } else { false } }
    #expect(previews.count == 2)
    for (place, preview) in previews {
      guard case .preview(let image) = preview else { continue }
      #expect((image.width, image.height) == (8, 8))
      guard case .step(let step, 5) = seen.withLock({ $0[place - 1] }) else {
        Issue.record("a preview follows no step")
        continue
      }
      #expect(step % 2 == 0)
    }
    // And none of the next, in the same engine.
    #expect(try await engine.generate(request(steps: 5)) { _ in }.image == plain)
  }

  @Test func seedsCountTheirLow32Bits() async throws {
    let first = try await engine.generate(request(seed: 5)) { _ in }.image
    #expect(try await engine.generate(request(seed: 5 + 1 << 32)) { _ in }.image == first)
  }

  @Test func cancelsWithinAStep() async throws {
    _ = try await engine.generate(request()) { _ in }
    let steps = Mutex(0)
    let (started, continuation) = AsyncStream.makeStream(of: Void.self)
    let task = Task { [engine, request = request(steps: 150)] in
      try await engine.generate(request) { _ in
        steps.withLock { $0 += 1 }
        continuation.yield()
      }
    }
    for await _ in started { break }
    task.cancel()
    let atCancel = steps.withLock { $0 }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(steps.withLock { $0 } - atCancel <= 1)
  }

  @Test func textsOfAnyLength() async throws {
    var long = request(String(repeating: "cat ", count: 160))
    long.negativePrompt = .text(String(repeating: "cat ", count: 76))
    let report = try await engine.generate(long) { _ in }.report
    #expect((report.promptTokens, report.promptWindows) == (160, 3))
    #expect((report.negativePromptTokens, report.negativePromptWindows) == (76, 2))
    long.cfgScale = 1
    let unguided = try await engine.generate(long) { _ in }.report
    #expect((unguided.negativePromptTokens, unguided.negativePromptWindows) == (0, 0))
  }

  @Test func whatCannotBeReadNamesTheField() async throws {
    func field(_ change: (inout GenerationRequest) -> Void) async -> String? {
      var bad = request()
      change(&bad)
      let error = await failure(bad)
      #expect(error?.kind == .invalidRequest)
      return error?.field
    }
    #expect(await field { $0.prompt = "(a:1.2.3)" } == "prompt")
    #expect(await field { $0.negativePrompt = .text("(a:1.2.3)") } == "negative_prompt")
    // Whether guidance reads it or not.
    #expect(
      await field {
        $0.negativePrompt = .text("(a:1.2.3)")
        $0.cfgScale = 1
      } == "negative_prompt")
    #expect(await field { $0.clipSkip = 12 } == "clip_skip")
    #expect(
      await field {
        $0.prompt = "(a:3e38) (b:-3e38)"; $0.promptStyle = .comfy
      } == "prompt")
    #expect(await failure(request("(a:1.2.3)"))?.message.contains("1.2.3") == true)
  }

  /// Each of them changes the picture, and what is not asked for does not.
  @Test func readsEverySetting() async throws {
    func picture(_ change: (inout GenerationRequest) -> Void) async throws -> [UInt8] {
      var changed = request("a (red:1.4) circle")
      changed.negativePrompt = .text("blurry")
      change(&changed)
      return try await engine.generate(changed) { _ in }.image.pixels
    }
    let plain = try await picture { _ in }
    #expect(try await picture { $0.promptStyle = .comfy } != plain)
    #expect(try await picture { $0.promptStyle = .diffusers } != plain)
    #expect(try await picture { $0.clipSkip = 1 } != plain)
    #expect(try await picture { $0.cfgRescale = 0.7 } != plain)
    #expect(try await picture { $0.guidanceInterval = .init(start: 0, end: 0.5) } != plain)
    #expect(
      try await picture { $0.guidanceInterval = .init(start: 0, end: 0) } == picture { $0.cfgScale = 1 })
    #expect(try await picture { _ in } == plain)
  }

  @Test func lorasComeAndGo() async throws {
    func lora(_ name: String, _ scale: Double = 1) -> LoRASelection {
      let file = Repository.root.appending(path: "Tests/Fixtures/loras/\(name).safetensors")
      return LoRASelection(AdapterFile(name: name, path: file.path), scale: scale)
    }
    let plain = try await engine.generate(request()) { _ in }.image
    var changed = request()
    changed.loras = [lora("loha"), lora("full", 0.5)]
    let result = try await engine.generate(changed) { _ in }
    #expect(result.image != plain)
    #expect(
      result.report.steering.loras == [
        LoRAReport(name: "loha", scale: 1, unetLayers: 3, textEncoderLayers: 0, textEncoder2Layers: 1),
        LoRAReport(name: "full", scale: 0.5, unetLayers: 1, textEncoderLayers: 1, textEncoder2Layers: 0),
      ])
    #expect(try await engine.generate(request()) { _ in }.image == plain)
    #expect(try await engine.generate(changed) { _ in }.image == result.image)
    // One that cannot be used,
    var bad = changed
    let stranger = folder.path("pocket.safetensors")
    bad.loras.append(LoRASelection(AdapterFile(name: "pocket", path: stranger)))
    let error = try #require(await failure(bad))
    #expect(error.kind == .invalidRequest && error.field == "loras")
    #expect(error.message.hasPrefix("pocket.safetensors is an SDXL checkpoint, not a LoRA"))
    // a cancelled request,
    let cancelled = Task { [engine, changed] in try await engine.generate(changed) { _ in } }
    cancelled.cancel()
    _ = await cancelled.result
    #expect(try await engine.generate(request()) { _ in }.image == plain)
    // and scale 0 leave nothing.
    changed.loras = [lora("loha", 0)]
    let off = try await engine.generate(changed) { _ in }
    #expect(off.image == plain && off.report.steering.loras.map(\.unetLayers) == [0])
  }

  @Test func refusesAPictureThatIsNotFinite() async throws {
    var damaged = try CheckpointBytes(Repository.models.appendingPathComponent("pocket.safetensors"))
    try damaged.fill("model.diffusion_model.out.2.bias", float16: 0x7E00)
    try damaged.write(to: folder.path("nan.safetensors"))
    var bad = request()
    bad.model = ModelSource(id: "nan", path: folder.path("nan.safetensors"))
    #expect(
      await failure(bad)
        == GenerationError(
          .nonfiniteOutput,
          "nan.safetensors: tensor model.diffusion_model.out.2.bias has numbers that are not finite"))
  }

  @Test func refusesAFlatBlackPicture() async throws {
    var damaged = try CheckpointBytes(Repository.models.appendingPathComponent("pocket.safetensors"))
    try damaged.fill("first_stage_model.decoder.conv_out.weight", float16: 0)
    try damaged.fill("first_stage_model.decoder.conv_out.bias", float16: 0xC400)  // -4
    try damaged.write(to: folder.path("black.safetensors"))
    var bad = request()
    bad.model = ModelSource(id: "black", path: folder.path("black.safetensors"))
    #expect(await failure(bad)?.kind == .nonfiniteOutput)
  }

  @Test func aBadFileIsNamedAndTheOthersGoOn() async throws {
    let first = try await engine.generate(request()) { _ in }.image
    var damaged = try CheckpointBytes(Repository.models.appendingPathComponent("pocket.safetensors"))
    try damaged.rename("model.diffusion_model.out.2.bias", "model.diffusion_model.out.9.bias")
    try damaged.write(to: folder.path("renamed.safetensors"))
    var bad = request()
    bad.model = ModelSource(id: "renamed", path: folder.path("renamed.safetensors"))
    let error = try #require(await failure(bad))
    #expect(error.kind == .modelNotLoaded)
    #expect(error.message.contains("renamed.safetensors"))
    #expect(error.message.contains("model.diffusion_model.out.9.bias"))
    #expect(!error.message.contains(folder.path))
    bad.model = ModelSource(id: "gone", path: folder.path("gone.safetensors"))
    #expect(await failure(bad)?.kind == .modelNotLoaded)
    #expect(try await engine.generate(request()) { _ in }.image == first)
  }

  @Test func aBadDecoderIsNotTheModels() async throws {
    let path = folder.path("decoder.safetensors")
    try Data("no file of weights".utf8).write(to: URL(fileURLWithPath: path))
    var bad = request()
    bad.vae = VAESource(name: "decoder", path: path)
    let error = try #require(await failure(bad))
    #expect((error.kind, error.field) == (.invalidRequest, "vae"))
    #expect(error.message.hasPrefix("decoder.safetensors"))
    var damaged = try CheckpointBytes(Repository.models.appendingPathComponent("pocket.safetensors"))
    try damaged.fill("first_stage_model.decoder.conv_out.bias", float16: 0x7E00)
    bad.vae?.path = try folder.write(damaged.extracting("first_stage_model."), to: "nan.safetensors")
    #expect(
      await failure(bad)
        == GenerationError(
          .invalidRequest,
          "nan.safetensors: tensor decoder.conv_out.bias has numbers that are not finite",
          field: "vae"))
    #expect(await failure(request()) == nil)
  }

  @Test func aFileThatChangedIsReadAgain() async throws {
    let path = folder.path("changing.safetensors")
    try FileManager.default.copyItem(
      at: Repository.models.appendingPathComponent("pocket.safetensors"), to: URL(fileURLWithPath: path))
    var changing = request()
    changing.model = ModelSource(id: "changing", path: path)
    #expect(await failure(changing) == nil)
    var damaged = try CheckpointBytes(URL(fileURLWithPath: path))
    damaged.bytes.removeLast(100)
    try damaged.write(to: path)
    #expect(await failure(changing)?.kind == .modelNotLoaded)
  }

  @Test func theRegistryMayOverrideThePrediction() async throws {
    var v = request()
    v.model.prediction = .vPrediction
    let result = try await engine.generate(v) { _ in }
    #expect(result.report.prediction == .vPrediction)
    #expect(result.report.predictionSource == "registry")
    #expect(try await engine.generate(request()) { _ in }.image != result.image)
  }

  @Test func saysWhenTheVocabularyIsMissing() async throws {
    try FileManager.default.removeItem(atPath: folder.path("tokenizer"))
    let error = try #require(await failure(request()))
    #expect(error.kind == .engineUnavailable)
    #expect(error.message.contains("scripts/fetch-vocabulary"))
  }
}

/// The model and the decoder in memory, and what is known of their files.
@Suite struct ResidentModelTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withPocket() }

  /// Loads the embedded model, told what `change` says, and looks at it on this thread.
  private func withResident<Value>(
    _ change: (inout ModelSource) -> Void = { _ in }, _ body: (inout ResidentModel) throws -> Value
  ) throws -> Value {
    var source = ModelSource(id: "pocket", path: folder.path("pocket.safetensors"))
    change(&source)
    Runtime.threads = 1
    return try Runtime.inference {
      let vocabulary = try Vocabulary(path: folder.path("tokenizer/merges.txt"))
      var model = try ResidentModel(source, vocabulary: vocabulary, options: .init(), loading: Loading())
      return try body(&model)
    }
  }

  /// The embedded model's VAE as a file of its own; a newer one each time.
  private func writeVAE() throws -> VAESource {
    let pocket = try CheckpointBytes(Repository.models.appendingPathComponent("pocket.safetensors"))
    return VAESource(
      name: "own", path: try folder.write(pocket.extracting("first_stage_model."), to: "own.safetensors"))
  }

  @Test func itIsToldFromWhereTheTrainingIsKnown() throws {
    try withResident { model in
      #expect(model.predictionSource == "default" && model.zeroTerminalSNRSource == "default")
      #expect(!model.networks.zeroTerminalSNR)
      #expect(model.notes.count == 1)
      #expect(model.notes.first?.hasPrefix("pocket: not read of its file: ") == true)
    }
    try withResident {
      ($0.prediction, $0.zeroTerminalSNR) = (.vPrediction, true)
    } _: { model in
      #expect(model.predictionSource == "registry" && model.zeroTerminalSNRSource == "registry")
      #expect(model.networks.prediction == .vPrediction && model.networks.zeroTerminalSNR)
    }
  }

  @Test func oneDecoderIsKept() throws {
    let own = try writeVAE()
    try withResident { model in
      #expect(try model.vae(nil, Loading()) === nil)
      var told: [GenerationProgress] = []
      let loading = Loading(report: { told.append($0) })
      let first = try model.vae(own, loading)
      #expect(first?.file == "own.safetensors")
      guard case .loading("own", let bytes, let total)? = told.last else {
        Issue.record("nothing was told of the reading")
        return
      }
      #expect(bytes <= total && 100 * bytes > 90 * total)
      // Kept, also while a request goes without,
      #expect(try model.vae(nil, loading) === nil)
      let count = told.count
      #expect(try model.vae(own, loading) === first)
      #expect(told.count == count)
      // read again when the file has changed,
      let second = try model.vae(writeVAE(), Loading())
      #expect(second != nil && second !== first)
      // and gone when another cannot be read.
      let absent = VAESource(name: "absent", path: folder.path("absent.safetensors"))
      #expect(throws: CheckpointError.self) { try model.vae(absent, Loading()) }
      #expect(try model.vae(own, Loading()) !== second)
    }
  }
}

@Suite struct EngineConfigurationTests {
  @Test func refusesWhatItDoesNotKnow() {
    for device in ["gpu", "cuda:", "cuda:-1", "cuda:+1", "cuda:999", ""] {
      #expect(throws: DeviceUnavailable.self) {
        try EngineConfiguration(vocabulary: VocabularyFile(modelsFolder: "m"), device: device)
      }
    }
    for dtype in ["fp32", "int8", ""] {
      #expect(throws: DeviceUnavailable.self) {
        try EngineConfiguration(vocabulary: VocabularyFile(modelsFolder: "m"), dtype: dtype)
      }
    }
  }

  @Test func refusesWhatIsNotThere() throws {
    #expect(throws: DeviceUnavailable.self) {
      try DevicePlan(EngineConfiguration(vocabulary: VocabularyFile(modelsFolder: "m"), device: "cuda:63"))
    }
    #expect(throws: DeviceUnavailable.self) {
      try DevicePlan(
        EngineConfiguration(vocabulary: VocabularyFile(modelsFolder: "m"), device: "cpu", dtype: "float16"))
    }
    #expect(
      try DevicePlan(EngineConfiguration(vocabulary: VocabularyFile(modelsFolder: "m"), device: "cpu")).reason
        .contains("cpu: asked for"))
  }
}

@Suite struct VocabularyFileTests {
  @Test func theModelsFolderComesFirst() throws {
    let tree = try TemporaryFolder()
    let build = tree.path(".build/platform/release")
    try FileManager.default.createDirectory(atPath: build, withIntermediateDirectories: true)
    for folder in ["mine/tokenizer", "models/tokenizer"] {
      try FileManager.default.createDirectory(atPath: tree.path(folder), withIntermediateDirectories: true)
    }
    func write(_ name: String) throws { try Data("x".utf8).write(to: URL(fileURLWithPath: tree.path(name))) }
    let file = VocabularyFile(modelsFolder: tree.path("mine"), executable: "\(build)/darkroom-engine")
    #expect(file.path == tree.path("mine/tokenizer/merges.txt"))
    try write("models/tokenizer/merges.txt")
    #expect(
      file.path
        == URL(fileURLWithPath: tree.path("models/tokenizer/merges.txt")).resolvingSymlinksInPath().path)
    try write("mine/tokenizer/merges.txt")
    #expect(file.path == tree.path("mine/tokenizer/merges.txt"))
  }
}
