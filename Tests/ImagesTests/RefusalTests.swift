import Images
import Testing

/// What may not be read, and how it is said.
@Suite struct RefusalTests {
  @Test(arguments: [
    "bad-zero-width.png", "bad-depth.png", "bad-colour.png", "bad-interlace.png", "bad-no-palette.png",
    "bad-short-data.png", "bad-long-data.png", "bad-crc.png", "bad-two-headers.png",
    "bad-late-header.png",
  ])
  func refusesAMalformedPNG(name: String) throws {
    let bytes = try Fixture.bytes(name)
    #expect(throws: ImageError.damaged(.png)) { try ImageDecoder.decode(bytes) }
  }

  @Test func refusesABombByItsHeader() throws {
    let limits = ImageLimits.default
    let claims = [
      ("bad-bomb.png", 50000, 50000), ("bad-huge.png", 0x7FFF_FFFF, 0x7FFF_FFFF),
      ("bad-bomb.jpg", 65500, 65500),
    ]
    for (name, width, height) in claims {
      let bytes = try Fixture.bytes(name)
      #expect(throws: ImageError.tooLarge(width: width, height: height, limits: limits), "\(name)") {
        try ImageDecoder.decode(bytes)
      }
    }
  }

  @Test func limitsAreOnSidesAndOnPixels() throws {
    let bytes = try Fixture.bytes("rgb8.png")  // 37 x 29
    #expect(try PNG.decode(bytes, limits: ImageLimits(maxPixels: 37 * 29, maxSide: 37)).width == 37)
    for limits in [
      ImageLimits(maxPixels: 37 * 29 - 1, maxSide: 37), ImageLimits(maxPixels: 37 * 29, maxSide: 36),
    ] {
      #expect(throws: ImageError.tooLarge(width: 37, height: 29, limits: limits)) {
        try PNG.decode(bytes, limits: limits)
      }
    }
    #expect(ImageLimits.default == ImageLimits(maxPixels: 16 * 1024 * 1024, maxSide: 8192))
  }

  @Test func refusesAnAnimation() throws {
    let bytes = try Fixture.bytes("animated.webp")
    #expect(throws: ImageError.animated(.webp)) { try ImageDecoder.decode(bytes) }
  }

  /// Every length short of the whole is an error, never a picture with a grey rest.
  @Test(arguments: [
    "one-pixel.png", "rgb8-interlaced.png", "palette2.png", "ycc420.jpg", "progressive.jpg", "cmyk.jpg",
    "lossy.webp", "lossless.webp", "lossy-alpha.webp",
  ])
  func refusesEveryTruncation(name: String) throws {
    let bytes = try Fixture.bytes(name)
    for length in 0..<bytes.count {
      let cut = Array(bytes[..<length])
      #expect(throws: ImageError.self, "\(name) cut to \(length) of \(bytes.count)") {
        try ImageDecoder.decode(cut)
      }
    }
  }

  /// A changed byte gives a picture or an error, and always the size the header claims.
  @Test(arguments: [
    "palette2.png", "rgb8-interlaced.png", "ycc420.jpg", "progressive.jpg", "lossy.webp", "text.png",
  ])
  func survivesEveryChangedByte(name: String) throws {
    let bytes = try Fixture.bytes(name)
    var refused = 0
    for position in bytes.indices {
      for flip: UInt8 in [0x01, 0x80, 0xFF] {
        var changed = bytes
        changed[position] ^= flip
        do {
          let image = try ImageDecoder.decode(changed, limits: ImageLimits(maxPixels: 1 << 20, maxSide: 4096))
          #expect(image.pixels.count == 3 * image.width * image.height)
        } catch {
          refused += 1
        }
        _ = try? PNG.text(in: changed)
      }
    }
    #expect(refused > 0)
  }

  @Test func messagesAreFixedSentences() {
    #expect(ImageError.damaged(.webp).message == "The WebP picture is damaged or incomplete.")
    let size = ImageError.tooLarge(width: 50000, height: 3, limits: .default)
    #expect(
      size.message == "The picture is 50000x3 pixels; at most 8192 a side and 16777216 in all are accepted.")
  }
}
