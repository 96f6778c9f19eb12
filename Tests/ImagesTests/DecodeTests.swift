import Images
import Testing

/// Pictures of every kind against what Pillow reads.
@Suite struct DecodeTests {
  @Test func readsWhatPillowReads() throws {
    let pictures = try Fixture.pictures()
    #expect(pictures.count == 36)
    for picture in pictures {
      let expected = try Fixture.bytes(picture.name + ".rgb")
      let image = try ImageDecoder.decode(Fixture.bytes(picture.name))
      #expect([image.width, image.height] == [picture.width, picture.height], "\(picture.name)")
      try #require(image.pixels.count == expected.count, "\(picture.name)")
      let worst = zip(image.pixels, expected).map { abs(Int($0) - Int($1)) }.max() ?? 0
      #expect(worst <= picture.tolerance, "\(picture.name) is off by \(worst)")
    }
  }

  @Test func tellsFormatsByTheirFirstBytes() throws {
    #expect(ImageFormat.sniff(try Fixture.bytes("rgb8.png")) == .png)
    #expect(ImageFormat.sniff(try Fixture.bytes("grey.jpg")) == .jpeg)
    #expect(ImageFormat.sniff(try Fixture.bytes("lossy.webp")) == .webp)
    for text in ["", "RIFF", "RIFF1234WAVE", "GIF89a", "<svg/>", "\u{89}PNG\r\n", "BM", "%PDF-1.7"] {
      #expect(ImageFormat.sniff(Array(text.utf8)) == nil)
      #expect(throws: ImageError.unknownFormat) { try ImageDecoder.decode(Array(text.utf8)) }
    }
  }

  @Test func oneFormatIsNotReadAsAnother() throws {
    let (png, jpeg, webp) = (
      try Fixture.bytes("rgb8.png"), try Fixture.bytes("grey.jpg"), try Fixture.bytes("lossy.webp")
    )
    #expect(throws: ImageError.damaged(.png)) { try PNG.decode(jpeg) }
    #expect(throws: ImageError.damaged(.jpeg)) { try JPEG.decode(webp) }
    #expect(throws: ImageError.damaged(.webp)) { try WebP.decode(png) }
  }

  @Test func bytesBehindThePictureAreNotLookedAt() throws {
    for name in ["rgb8.png", "ycc420.jpg", "lossless.webp"] {
      let bytes = try Fixture.bytes(name)
      #expect(try ImageDecoder.decode(bytes + Array("tail".utf8)) == ImageDecoder.decode(bytes), "\(name)")
    }
  }

  @Test func skipsACompressedProfileWithoutInflatingIt() throws {
    #expect(try PNG.decode(Fixture.bytes("profile-bomb.png")).width == 8)
  }
}
