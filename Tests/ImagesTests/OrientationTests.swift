import Images
import Testing

/// Pictures that say how they are to be turned, against what Pillow's `exif_transpose` makes of them.
@Suite struct OrientationTests {
  @Test func turnsAsPillowDoes() throws {
    let pictures = try Fixture.pictures("upright.json")
    #expect(pictures.count == 25)
    for picture in pictures {
      let expected = try Fixture.bytes(picture.name + ".rgb")
      let image = try ImageDecoder.decode(Fixture.bytes(picture.name), upright: true)
      #expect([image.width, image.height] == [picture.width, picture.height], "\(picture.name)")
      try #require(image.pixels.count == expected.count, "\(picture.name)")
      let worst = zip(image.pixels, expected).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(worst <= picture.tolerance, "\(picture.name) is off by \(worst)")
    }
  }

  @Test func aPictureIsLeftAsStoredUnlessAsked() throws {
    let stored = try ImageDecoder.decode(Fixture.bytes("turned-6.png"))
    #expect(try stored == ImageDecoder.decode(Fixture.bytes("turned-1.png"), upright: true))
  }

  @Test func theHeaderTellsTheStoredSides() throws {
    let header = try ImageDecoder.header(of: Fixture.bytes("turned-6.png"))
    #expect((header.format, header.width, header.height) == (.png, 7, 5))
    #expect(throws: ImageError.animated(.webp)) {
      try ImageDecoder.header(of: Fixture.bytes("animated.webp"))
    }
    #expect(throws: ImageError.tooLarge(width: 50000, height: 50000, limits: .default)) {
      try ImageDecoder.header(of: Fixture.bytes("bad-bomb.png"))
    }
  }

  /// Wherever the file is cut and whatever a byte is, there is an answer.
  @Test(arguments: ["turned-far.png", "turned.jpg", "turned.webp", "turned-marked.webp"])
  func survivesEveryCutAndChangedByte(name: String) throws {
    let bytes = try Fixture.bytes(name)
    let format = try #require(ImageFormat.sniff(bytes))
    let whole = EXIFOrientation.read(bytes, format: format)
    #expect(whole != .upright)
    for length in bytes.indices {
      let found = EXIFOrientation.read(Array(bytes[..<length]), format: format)
      #expect(found == .upright || found == whole)
    }
    for position in bytes.indices {
      for flip: UInt8 in [0x01, 0x7F, 0x80, 0xFF] {
        var changed = bytes
        changed[position] ^= flip
        _ = EXIFOrientation.read(changed, format: format)
      }
    }
  }

  @Test func mediaTypesNameFormats() {
    for format in ImageFormat.allCases { #expect(ImageFormat(mediaType: format.mediaType) == format) }
    #expect(ImageFormat(mediaType: "IMAGE/JPG") == .jpeg)
    for other in ["image/gif", "image/png ", "png", "", "image/svg+xml"] {
      #expect(ImageFormat(mediaType: other) == nil)
    }
  }
}
