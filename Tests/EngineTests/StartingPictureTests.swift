import Foundation
import Generation
import Images
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// Requests with a picture to start from and with a second pass, through the engine.
@Suite(.serialized) struct StartingPictureTests: EngineSuite {
  let folder: TemporaryFolder
  let engine: TorchEngine

  init() throws {
    folder = try TemporaryFolder.withPocket()
    engine = try .forTests(folder)
  }

  private func request(_ change: (inout GenerationRequest) throws -> Void = { _ in }) rethrows
    -> GenerationRequest
  {
    var request = GenerationRequest(
      model: ModelSource(id: "pocket", path: folder.path("pocket.safetensors")), prompt: "a red circle",
      negativePrompt: .zeros, width: 64, height: 64, steps: 8, cfgScale: 4, seed: 7,
      scheduler: SchedulerChoice(.eulerAncestral))
    try change(&request)
    return request
  }

  /// Colours that change from corner to corner.
  private func picture(_ side: Int = 64) throws -> RGBImage {
    let pixels = (0..<side * side).flatMap { place -> [UInt8] in
      [UInt8(place % side * 255 / side), UInt8(place / side * 255 / side), 128]
    }
    return try #require(RGBImage(width: side, height: side, pixels: pixels))
  }

  /// White on the right.
  private func mask(_ side: Int = 64) throws -> GrayImage {
    let pixels = (0..<side * side).map { UInt8($0 % side < side / 2 ? 0 : 255) }
    return try #require(GrayImage(width: side, height: side, pixels: pixels))
  }

  /// Mean distance of the values on one half of two pictures.
  private func distance(_ a: RGBImage, _ b: RGBImage, right: Bool) -> Double {
    let places = a.pixels.indices.filter { ($0 / 3 % a.width >= a.width / 2) == right }
    return places.reduce(0.0) { $0 + abs(Double(a.pixels[$1]) - Double(b.pixels[$1])) } / Double(places.count)
  }

  @Test func onlyTheStepsOfItsStrengthAreMade() async throws {
    let seen = Mutex<[GenerationProgress]>([])
    let asked = try request {
      $0.start = StartingPicture(try picture(), strength: 0.55)
      $0.previewEvery = 2
    }
    let result = try await engine.generate(asked) { progress in seen.withLock { $0.append(progress) } }
    #expect(result.report.steering.stepsMade == 4)
    let steps = seen.withLock { $0 }.compactMap {
      if case .step(let step, let of) = $0 { [step, of] } else { nil }
    }
    #expect(steps == [[1, 4], [2, 4], [3, 4], [4, 4]])
    #expect(seen.withLock { $0 }.count { if case .preview = $0 { true } else { false } } == 1)
  }

  @Test func theSamePictureAgain() async throws {
    let plain = try await image(request())
    let started = try request { $0.start = StartingPicture(try picture(), strength: 0.5) }
    let first = try await image(started)
    #expect(first != plain)
    let masked = try request {
      $0.start = StartingPicture(try picture(), strength: 0.75, mask: RepaintMask(try mask()))
    }
    let repainted = try await image(masked)
    let black = try #require(GrayImage(width: 64, height: 64, pixels: [UInt8](repeating: 0, count: 4096)))
    for (mask, warnings) in [(try mask(), 0), (black, 1)] {
      var idle = masked
      idle.start?.mask?.mask = mask
      let report = try await engine.generate(idle) { _ in }.report
      #expect(report.steering.warnings.count { $0.hasPrefix("The mask selects nothing") } == warnings)
    }
    // Outside the mask it is what the VAE makes of the picture.
    let original = try picture()
    let (kept, changed) = (
      distance(repainted, original, right: false), distance(repainted, original, right: true)
    )
    #expect(kept < 0.5 * changed, "\(kept), \(changed)")
    // After others, refusals and cancels,
    let stepless = try request { $0.start = StartingPicture(try picture(), strength: 0.1) }
    #expect(await failure(stepless)?.field == "strength")
    let cancelled = Task { [engine] in try await engine.generate(masked) { _ in } }
    cancelled.cancel()
    _ = await cancelled.result
    #expect(try await image(started) == first)
    #expect(try await image(masked) == repainted)
    // and nothing stays behind.
    #expect(try await image(request()) == plain)
  }

  @Test(arguments: SecondPass.Upscaler.allCases)
  func aSecondPassIsCounted(_ upscaler: SecondPass.Upscaler) async throws {
    let seen = Mutex<[[Int]]>([])
    let asked = request {
      $0.steps = 3
      $0.secondPass = SecondPass(width: 96, height: 72, steps: 5, strength: 0.4, upscaler: upscaler)
    }
    let result = try await engine.generate(asked) { progress in
      if case .step(let step, let of) = progress { seen.withLock { $0.append([step, of]) } }
    }
    #expect((result.image.width, result.image.height) == (96, 72))
    #expect(seen.withLock { $0 } == (1...5).map { [$0, 5] })
    #expect(result.report.steering.stepsMade == 3)
    #expect(try await image(asked) == result.image)
  }

  /// Both passes may be made by one and the same plan.
  @Test func passesThatAreAlikeAreCountedBoth() async throws {
    let seen = Mutex<[Int]>([])
    let asked = try request {
      $0.start = StartingPicture(try picture(), strength: 0.5)
      $0.secondPass = SecondPass(width: 64, height: 64, steps: $0.steps, strength: 0.5)
    }
    _ = try await engine.generate(asked) { progress in
      if case .step(let step, of: 8) = progress { seen.withLock { $0.append(step) } }
    }
    #expect(seen.withLock { $0 } == Array(1...8))
  }

  /// Everything that has the picture's size is brought to the larger one; references are made fit where they are read.
  @Test func everythingIsEnlarged() throws {
    let pass = SecondPass(width: 96, height: 80, steps: 5, strength: 0.4)
    let adapter = AdapterFile(name: "a", path: "a")
    let asked = try request {
      $0.start = StartingPicture(try picture(), strength: 0.75, mask: RepaintMask(try mask(), kind: .soft))
      $0.controls = [ControlPrompt(adapter, picture: try picture())]
      $0.reference = ReferencePrompt(
        adapter: adapter, encoder: adapter,
        references: [.init(try picture(32), mask: try mask()), .init(try picture(32))])
    }
    let larger = asked.enlarged(for: pass)
    #expect((larger.width, larger.height, larger.steps, larger.start?.strength) == (96, 80, 5, 0.4))
    for size in [
      larger.start.map { [$0.picture.width, $0.picture.height] },
      larger.start?.mask.map { [$0.mask.width, $0.mask.height] },
      larger.controls.first.map { [$0.picture.width, $0.picture.height] },
    ] { #expect(size == [96, 80]) }
    #expect(larger.start?.mask?.kind == .soft)
    #expect(larger.reference == asked.reference)
  }

  @Test func whatCannotBeMadeNamesTheField() async throws {
    let (own, large, largeMask) = (try picture(), try picture(128), try mask(128))
    func field(_ change: (inout GenerationRequest) -> Void) async -> String? {
      let error = await failure(request(change))
      #expect(error?.kind == .invalidRequest)
      return error?.field
    }
    #expect(await field { $0.start = StartingPicture(own, strength: 0) } == "strength")
    #expect(await field { $0.start = StartingPicture(large, strength: 0.5) } == "image")
    #expect(
      await field { $0.start = StartingPicture(own, strength: 0.5, mask: RepaintMask(largeMask)) } == "mask")
    #expect(
      await field { $0.secondPass = SecondPass(width: 96, height: 96, steps: 3, strength: 0.3) } == "hires")
    #expect(try await failure(request()) == nil)
  }
}
