import Foundation
import Images
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Runs from a picture, with the pocket checkpoint, against diffusers' pipelines (Tests/Fixtures/starts).
@Suite struct StartTests {
  private static let answers = ["picture", "inpaint", "soft"].flatMap { mode in
    ["euler.0.3", "euler_a.0.6", "euler_a.0.75", "heun.0.6", "euler_a.1.0", "ddim.1.0", "dpmpp_2m_sde.1.0"]
      .map { "\(mode).\($0)" }
  }.filter { name in (try? Recorded("starts/answers").file.header.tensors[name]) != nil }

  private func picture() throws -> RGBImage {
    try PNG.decode(Array(Fixture.bytes("Tests/Fixtures/pocket/square_128.png")))
  }

  private func mask() throws -> GrayImage {
    let picture = try PNG.decode(Array(Fixture.bytes("Tests/Fixtures/starts/mask.png")))
    let values = stride(from: 0, to: picture.pixels.count, by: 3).map { picture.pixels[$0] }
    return try #require(GrayImage(width: picture.width, height: picture.height, pixels: values))
  }

  private func repaint(_ mode: Substring) throws -> StableDiffusionXL.Repaint? {
    switch mode {
    case "inpaint", "inpaint9": .init(try mask(), .binary, around: try picture())
    case "soft": .init(try mask(), .soft, around: try picture())
    default: nil
    }
  }

  /// The fixture's request, made to its end.
  private func latents(
    _ model: StableDiffusionXL, _ plan: SamplingPlan, _ start: StartingLatents? = nil, width: Int = 128,
    height: Int = 128
  ) throws -> Tensor {
    let guidance = try StableDiffusionXL.Guidance(scale: 4.5, negative: model.prompt("blurry"))
    let prompt = try model.prompt("a big red circle on a white background")
    let image = try model.condition(prompt, guidance: guidance, width: width, height: height)
    var run = try DenoisingRun(model, image, plan, seed: 11, start: start)
    while try run.advance() {}
    #expect(run.stepsDone == plan.stepsMade && run.steps == plan.stepsMade)
    return run.latents
  }

  private func plan(_ name: String) throws -> SamplingPlan {
    let parts = name.split(separator: ".", maxSplits: 2)
    let method = try #require(SamplingMethod(rawValue: String(parts[1])))
    return try SamplingPlan(method, steps: 10).part(strength: #require(Double(parts[2])))
  }

  @Test func thereAreNine() { #expect(Self.answers.count == 9) }

  @Test(arguments: answers) func fromAPicture(_ name: String) throws {
    try onTorch {
      let model = try Pocket.load()
      let mode = name.prefix { $0 != "." }
      let start = try model.start(from: .picture(picture()), repaint: repaint(mode))
      let actual = try latents(model, plan(name), start)
      #expect(try difference(actual, Recorded("starts/answers")(name)) < 1e-3)
    }
  }

  /// The pocket checkpoint with the five more inputs of an inpainting one; weights by the fixture's formula.
  private func inpainting() throws -> Data {
    var copy = try Changed.pocket()
    let key = SingleFileNames.unet + "input_blocks.0.0.weight"
    let old = try #require(copy.tensors[key])
    let (channels, ours) = (old.shape[0], 4 * 9 * 2)
    var data = Data()
    for o in 0..<channels {
      data += old.data.dropFirst(o * ours).prefix(ours)
      for i in 0..<5 {
        for place in 0..<9 {
          let value = Float16((o * 31 + i * 17 + place / 3 * 7 + place % 3 * 3) % 23 - 11) / 256
          withUnsafeBytes(of: value.bitPattern.littleEndian) { data += $0 }
        }
      }
    }
    copy.tensors[key] = .init(.float16, [channels, 9, 3, 3], data)
    return try copy.encoded()
  }

  @Test func inpaintingCheckpoint() throws {
    try onTorch {
      let folder = try TemporaryFolder()
      let path = try folder.write(inpainting(), to: "inpainting.safetensors")
      let model = try StableDiffusionXL(
        Checkpoint(path: path), vocabulary: Pocket.vocabulary(), options: .init())
      let plain = try Pocket.load()
      #expect(model.inpaints && !plain.inpaints)
      for name in ["inpaint9.euler_a.0.6", "inpaint9.euler_a.1.0"] {
        let start = try model.start(from: .picture(picture()), repaint: repaint("inpaint9"))
        let actual = try latents(model, plan(name), start)
        #expect(try difference(actual, Recorded("starts/answers")(name)) < 1e-3, "\(name)")
      }
      // It does nothing else,
      let plan = try SamplingPlan(.euler, steps: 2)
      #expect(throws: SamplingError.noPicture) { try latents(model, plan) }
      let unmasked = try model.start(from: .picture(picture()))
      #expect(throws: SamplingError.noMask) { try latents(model, plan, unmasked) }
      #expect(throws: SamplingError.softMask) {
        try model.start(from: .picture(picture()), repaint: repaint("soft"))
      }
    }
  }

  @Test func secondPass() throws {
    try onTorch {
      let (model, answers) = (try Pocket.load(), try Recorded("starts/answers"))
      let first = try latents(model, SamplingPlan(.eulerAncestral, steps: 4))
      let plan = try SamplingPlan(.eulerAncestral, steps: 6).part(strength: 0.5)
      let upscaled = try model.upscaled(first, width: 192, height: 160)
      let fromLatents = try latents(
        model, plan, model.start(from: .latents(upscaled)), width: 192, height: 160)
      #expect(try difference(fromLatents, answers("second.latent.0.5")) < 1e-3)
      let large = try model.decode(first).image.resized(width: 192, height: 160, filter: .lanczos)
      let fromPicture = try latents(model, plan, model.start(from: .picture(large)), width: 192, height: 160)
      #expect(try difference(fromPicture, answers("second.picture.0.5")) < 1e-3)
    }
  }

  /// What was not repainted at first is not repainted then.
  @Test func secondPassOfAMaskedPicture() throws {
    try onTorch {
      let model = try Pocket.load()
      let start = try model.start(from: .picture(picture()), repaint: repaint("inpaint"))
      let first = try latents(model, SamplingPlan(.eulerAncestral, steps: 4).part(strength: 0.75), start)
      func large<Image: PixelImage>(_ image: Image) -> Image {
        image.resized(width: 192, height: 160, filter: .lanczos)
      }
      let again = try model.start(
        from: .latents(model.upscaled(first, width: 192, height: 160)),
        repaint: .init(large(mask()), .binary, around: large(picture())))
      let plan = try SamplingPlan(.eulerAncestral, steps: 6).part(strength: 0.5)
      let actual = try latents(model, plan, again, width: 192, height: 160)
      #expect(try difference(actual, Recorded("starts/answers")("second.inpaint.0.5")) < 1e-3)
    }
  }

  @Test func sizesMustAgree() throws {
    try onTorch {
      let model = try Pocket.load()
      let plan = try SamplingPlan(.euler, steps: 2)
      let small = try #require(
        GrayImage(width: 64, height: 64, pixels: Array(repeating: 255, count: 64 * 64)))
      let start = try model.start(from: .picture(picture()))
      #expect(throws: SamplingError.pictureSize) { try latents(model, plan, start, width: 64) }
      for kind in [StableDiffusionXL.Repaint.Kind.binary, .soft] {
        let around = picture
        #expect(throws: SamplingError.maskSize) {
          try model.start(from: .picture(picture()), repaint: .init(small, kind, around: around()))
        }
        let other = try picture().resized(width: 64, height: 64, filter: .box)
        let unlike = try model.start(from: .picture(picture()), repaint: .init(small, kind, around: other))
        #expect(throws: SamplingError.maskSize) { try latents(model, plan, unlike) }
      }
    }
  }

  /// Latents see one pixel of each 64: a mask that is white between them selects nothing.
  @Test func aMaskBetweenTheLatentsSelectsNothing() throws {
    let around = try picture()
    func selects(_ level: UInt8, at white: Int, _ kind: StableDiffusionXL.Repaint.Kind) throws -> Bool {
      var pixels = [UInt8](repeating: 0, count: around.width * around.height)
      pixels[white] = level
      let mask = try #require(GrayImage(width: around.width, height: around.height, pixels: pixels))
      return StableDiffusionXL.Repaint(mask, kind, around: around).selectsSomething
    }
    let (first, middle) = (8 * around.width + 8, 11 * around.width + 11)
    #expect(try selects(255, at: first, .binary) && !selects(127, at: first, .binary))
    #expect(try !selects(255, at: middle, .binary) && selects(1, at: middle, .soft))
    #expect(try !selects(255, at: first, .soft))
  }

  /// Sizes whose height is and is not a whole number of bands, and bands of odd height.
  @Test(arguments: [(128, 96, 32), (136, 72, 32), (88, 64, 7), (64, 64, 1)])
  func encodingInBandsIsTheWhole(height: Int, width: Int, rows: Int) throws {
    try onTorch {
      let vae = try Pocket.load().networks.vae
      let picture = try Generator(seed: 3).randn([1, 3, height, width]).clamp(-1...1)
      let whole = try vae.encode(picture)
      var pauses = 0
      let bands = try vae.encode(picture, bands: RowBands(rows: rows) { pauses += 1 })
      #expect(bands.shape == [1, 8, height / 8, width / 8] && pauses > 10)
      #expect(try difference(bands, whole) < 2e-5)
    }
  }

  /// Another VAE reads the picture, too.
  @Test func theExternalVAEReads() throws {
    try onTorch {
      let folder = try TemporaryFolder()
      let pocket = try CheckpointBytes(URL(filePath: Pocket.path))
      let path = try folder.write(pocket.extracting("first_stage_model."), to: "own.safetensors")
      let model = try Pocket.load()
      let own = try model.encode(picture())
      #expect(
        try model.encode(picture(), with: ExternalVAE(path: path, options: .init())).values()
          == own.values(Float.self))
      var pauses = 0
      _ = try model.start(from: .picture(picture())) { pauses += 1 }
      #expect(pauses > 8)
    }
  }
}
