import Foundation
import Images
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Latents to pictures, in one piece and in bands, and what is done with a picture that is none.
@Suite struct DecodingTests {
  /// Sizes whose height is and is not a whole number of bands, and bands that do not halve evenly.
  @Test(arguments: [(16, 12, 32), (17, 9, 32), (11, 8, 7), (8, 8, 1)])
  func bandsAreTheWhole(height: Int, width: Int, rows: Int) throws {
    try onTorch {
      let vae = try Pocket.load().networks.vae
      let latents = try Generator(seed: 3).randn([1, 4, height, width])
      let whole = try vae.decode(latents)
      let bands = try vae.decode(latents, bands: RowBands(rows: rows))
      #expect(bands.shape == [1, 3, 8 * height, 8 * width])
      #expect(try difference(bands, whole) < 2e-5)
    }
  }

  @Test func decodingInBandsCanBeEnded() throws {

    try onTorch {
      let vae = try Pocket.load().networks.vae
      let latents = try Generator(seed: 3).randn([1, 4, 8, 8])
      var calls = 0
      let bands = RowBands(rows: 32) {
        calls += 1
        if calls == 5 { throw Enough() }
      }
      #expect(throws: Enough.self) { try vae.decode(latents, bands: bands) }
      #expect(calls == 5)
    }
  }

  @Test func aPictureLargerThanSDXLsOwnGoesInBands() throws {
    try onTorch {
      let model = try Pocket.load()
      let small = try model.decode(Generator(seed: 1).randn([1, 4, 128, 16]))
      #expect(!small.wasBanded && !small.wasRetried && small.dtype == .float32)
      let large = try model.decode(Generator(seed: 1).randn([1, 4, 129, 128]))
      #expect(large.wasBanded)
      #expect((large.image.width, large.image.height) == (1024, 1032))
    }
  }

  @Test("What does not fit in memory whole goes in bands; what does not fit so either is told with both")
  func memoryThatRunsOut() throws {
    try onTorch {
      let model = try Pocket.load()
      let none = TorchError(kind: .outOfMemory, operation: "conv2d", shapes: [[1, 4]], message: "none left")
      func fails() throws -> Int { throw none }
      let banded = try model.inBandsIfNeeded(pixels: 1, whole: fails) { 7 }
      #expect(banded == (7, true))
      #expect(throws: OutOfMemoryError(attempts: [.whole, .banded], cause: none)) {
        try model.inBandsIfNeeded(pixels: 1, whole: fails, banded: fails)
      }
      #expect(throws: OutOfMemoryError(attempts: [.banded], cause: none)) {
        try model.inBandsIfNeeded(pixels: 2 << 20, whole: fails, banded: fails)
      }
      // Another failure is not one of memory.
      let wrong = TorchError(kind: .invalid, operation: "conv2d", shapes: [], message: "shapes")
      #expect(throws: wrong) {
        try model.inBandsIfNeeded(pixels: 1, whole: { () throws -> Int in throw wrong }, banded: fails)
      }
    }
  }

  /// A pocket whose every pixel is the same: what the decoder's last layer adds, as float16 bits.
  private func model(bias: UInt16, vaeDtype: DType, in folder: TemporaryFolder) throws -> StableDiffusionXL {
    var bytes = try CheckpointBytes(URL(filePath: Pocket.path))
    try bytes.fill("first_stage_model.decoder.conv_out.weight", float16: 0)
    try bytes.fill("first_stage_model.decoder.conv_out.bias", float16: bias)
    let path = folder.path("model.safetensors")
    try bytes.write(to: path)
    return try StableDiffusionXL(
      Checkpoint(path: path), vocabulary: Pocket.vocabulary(), options: .init(vaeDtype: vaeDtype))
  }

  /// −0.99463, which is 1 of 255, becomes −0.99609 in bfloat16: black.
  private static let nearlyBlack: UInt16 = 0xBBF5
  /// −2.
  private static let black: UInt16 = 0xC000

  @Test func blackInBFloat16IsTriedAgainInFloat32() throws {
    try onTorch {
      let folder = try TemporaryFolder()
      func decoded(_ vaeDtype: DType) throws -> StableDiffusionXL.Decoded {
        try model(bias: Self.nearlyBlack, vaeDtype: vaeDtype, in: folder)
          .decode(Generator(seed: 1).randn([1, 4, 8, 8]))
      }
      let retried = try decoded(.bfloat16)
      #expect(retried.wasRetried && retried.dtype == .float32)
      #expect(retried.image.pixels.allSatisfy { $0 == 1 })
      let direct = try decoded(.float32)
      #expect(!direct.wasRetried && direct.image == retried.image)
    }
  }

  @Test(arguments: [DType.bfloat16, .float32])
  func blackInFloat32IsAnError(vaeDtype: DType) throws {
    try onTorch {
      let model = try model(bias: Self.black, vaeDtype: vaeDtype, in: TemporaryFolder())
      #expect(throws: PictureError.flatBlack) { try model.decode(Generator(seed: 1).randn([1, 4, 8, 8])) }
    }
  }

  private struct Enough: Error {}

  /// A large picture takes long to decode: there must be places to stop at.
  @Test func canBeStoppedBetweenItsParts() throws {
    let model = try Pocket.load()
    let latents = try Tensor.zeros([1, 4, 8, 8])
    var pauses = 0
    let whole = try model.decode(latents) { pauses += 1 }.image
    #expect(pauses > 12)
    #expect(try model.decode(latents).image == whole)
    pauses = 0
    #expect(throws: Enough.self) {
      _ = try model.decode(latents) {
        pauses += 1
        if pauses == 5 { throw Enough() }
      }
    }
    #expect(pauses == 5)
  }
}
