import Foundation
import Generation
import Images
import TestSupport
import Testing

@testable import Engine

/// ControlNets, perturbed attention and FreeU through the engine, with the pocket's own ControlNet.
@Suite(.serialized) struct ControlTests: EngineSuite {
  let folder: TemporaryFolder
  let engine: TorchEngine
  private let network: AdapterFile

  init() throws {
    folder = try TemporaryFolder.withPocket()
    engine = try .forTests(folder)
    let source = Repository.models.appending(path: "controlnet/pocket-canny")
    try FileManager.default.copyItem(at: source, to: folder.url.appending(path: "edges"))
    network = AdapterFile(name: "edges", path: folder.path("edges"))
  }

  /// A white frame on black.
  private func frame(_ width: Int = 64, _ height: Int = 64) throws -> RGBImage {
    var pixels = [UInt8](repeating: 0, count: 3 * width * height)
    for y in 0..<height {
      for x in 0..<width where [16, 47].contains(x) || [16, 47].contains(y) {
        for c in 0..<3 { pixels[3 * (y * width + x) + c] = 255 }
      }
    }
    return try #require(RGBImage(width: width, height: height, pixels: pixels))
  }

  private func request(_ change: (inout GenerationRequest) throws -> Void = { _ in }) rethrows
    -> GenerationRequest
  {
    var request = GenerationRequest(
      model: ModelSource(id: "pocket", path: folder.path("pocket.safetensors")), prompt: "a red square",
      negativePrompt: .zeros, width: 64, height: 64, steps: 2, cfgScale: 4, seed: 7,
      scheduler: SchedulerChoice(.euler))
    try change(&request)
    return request
  }

  @Test func controlsAreReportedAndLeaveNothingBehind() async throws {
    let plain = try await image(request())
    let controlled = try request {
      var control = ControlPrompt(network, picture: try frame())
      control.scale = 0.8
      $0.controls = [control]
    }
    let result = try await engine.generate(controlled) { _ in }
    #expect(result.report.steering.controls == [ControlReport(network: "edges", scale: 0.8)])
    #expect(result.image != plain)
    #expect(try await image(controlled) == result.image)
    let after = try await engine.generate(request()) { _ in }
    #expect(after.image == plain && after.report.steering.controls.isEmpty)
  }

  @Test func aScaleOfNothingOrNoPartOfTheRunIsThePlainPicture() async throws {
    let plain = try await image(request())
    for (scale, end) in [(0.0, 1.0), (1, 0.1)] {
      let idle = try request {
        var control = ControlPrompt(network, picture: try frame())
        (control.scale, control.end) = (scale, end)
        $0.controls = [control]
      }
      let result = try await engine.generate(idle) { _ in }
      #expect(result.image == plain)
      let warning =
        "No step lies between start 0.0 and end 0.1, so that the control edges had no part in the picture"
      #expect(result.report.steering.warnings == (scale == 0 ? [] : [warning]))
    }
  }

  /// Of the second pass's four steps the last quarter is one, of the first pass's two it is none.
  @Test func aPartOfEitherPassIsEnough() async throws {
    let controlled = try request {
      var control = ControlPrompt(network, picture: try frame())
      control.start = 0.75
      $0.controls = [control]
      $0.secondPass = SecondPass(width: 64, height: 64, steps: 4, strength: 1)
    }
    #expect(try await engine.generate(controlled) { _ in }.report.steering.warnings == [])
  }

  @Test func guidanceInNoPartOfTheRunIsTold() async throws {
    let result = try await engine.generate(
      request { $0.guidanceInterval = GuidanceInterval(start: 0.5, end: 0.6) }
    ) { _ in }
    #expect(
      result.report.steering.warnings == [
        "No step lies between cfg_start 0.5 and cfg_end 0.6, so that guidance had no part in the picture"
      ])
    #expect(result.image == (try await image(request { $0.cfgScale = 1 })))
  }

  @Test func guidanceAidsLeaveNothingBehind() async throws {
    let plain = try await image(request())
    let perturbed = try await image(request { $0.perturbedAttention = .init(scale: 20) })
    let freed = try await image(request { $0.freeU = .init(s1: 0.5, s2: 0.4, b1: 1.2, b2: 1.3) })
    #expect(perturbed != plain && freed != plain && perturbed != freed)
    #expect(try await image(request { $0.freeU = .init(s1: 1, s2: 1, b1: 1, b2: 1) }).width == 64)
    #expect(try await image(request()) == plain)
  }

  @Test func wrongFilesAreTheClientsError() async throws {
    let plain = try await image(request())
    for (name, source) in [
      ("model", "pocket.safetensors"), ("crayon", "loras/crayon.safetensors"),
      ("absent", "absent.safetensors"),
      ("folder", "loras"),
    ] {
      let wrong = try request {
        let file = AdapterFile(name: name, path: Repository.models.appending(path: source).path)
        $0.controls = [ControlPrompt(file, picture: try frame())]
      }
      let error = await failure(wrong)
      #expect(error?.kind == .invalidRequest && error?.field == "control")
      #expect(error?.message.hasPrefix("The ControlNet \(name) cannot be used: ") == true)
      #expect(error?.message.contains(Repository.models.path) == false)
    }
    #expect(try await image(request()) == plain)
  }

  @Test func aPictureOfAnotherSizeIsRefused() async throws {
    let wrong = try request { $0.controls = [ControlPrompt(network, picture: try frame(64, 72))] }
    #expect(await failure(wrong)?.message == "The picture for edges is 64 × 72, the result 64 × 64")
  }

  @Test func aChangedFileIsReadAgain() async throws {
    let controlled = try request { $0.controls = [ControlPrompt(network, picture: try frame())] }
    let first = try await image(controlled)
    let weights = folder.path("edges/diffusion_pytorch_model.safetensors")
    let bytes = try Data(contentsOf: URL(filePath: weights))
    try bytes.dropLast(100).write(to: URL(filePath: weights))
    #expect(await failure(controlled)?.field == "control")
    try bytes.write(to: URL(filePath: weights))
    #expect(try await image(controlled) == first)
    // Another order of channels makes no difference to black and white, but a configuration that is none does.
    try folder.write("{}", to: "edges/config.json")
    #expect(try await image(controlled) == first)
    try folder.write("[]", to: "edges/config.json")
    #expect(await failure(controlled)?.message.contains("config.json") == true)
  }

  @Test func weightsThatAreNotFiniteAreNamed() async throws {
    let plain = try await image(request())
    let weights = folder.url.appending(path: "edges/diffusion_pytorch_model.safetensors")
    var damaged = try CheckpointBytes(weights)
    try damaged.fill("controlnet_mid_block.bias", float16: 0x7E00)
    try damaged.write(to: weights.path)
    let error = await failure(try request { $0.controls = [ControlPrompt(network, picture: try frame())] })
    #expect(
      error
        == GenerationError(
          .invalidRequest,
          "diffusion_pytorch_model.safetensors: tensor controlnet_mid_block.bias has numbers that are not finite",
          field: "control"))
    #expect(try await image(request()) == plain)
  }

  @Test func moreThanAreKept() async throws {
    let names = (0..<4).map { "copy\($0)" }
    for name in names {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path(name), withDestinationPath: folder.path("edges"))
    }
    let all = try request {
      $0.controls = try names.map { name in
        var control = ControlPrompt(AdapterFile(name: name, path: folder.path(name)), picture: try frame())
        control.scale = 0.25
        return control
      }
    }
    // Four quarters are a whole but for rounding.
    let one = try await image(request { $0.controls = [ControlPrompt(network, picture: try frame())] })
    let four = try await image(all)
    #expect(zip(one.pixels, four.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    #expect(try await image(all) == four)
  }
}
