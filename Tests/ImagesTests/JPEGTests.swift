import Images
import Testing

@Suite struct JPEGTests {
  @Test(arguments: [(1, 1), (1, 300), (64, 48), (129, 65)])
  func picturesComeBackAlike(width: Int, height: Int) throws {
    // Slopes: what JPEG keeps.
    let image = try Fixture.image(width: width, height: height) { place in
      UInt8((place / 3 % width + place / 3 / width) * 255 / (width + height))
    }
    let back = try JPEG.decode(JPEG.encode(image, quality: 90))
    #expect((back.width, back.height) == (width, height))
    let worst = zip(image.pixels, back.pixels).map { abs(Int($0) - Int($1)) }.max()
    #expect(worst ?? 255 <= 8)
  }

  @Test func qualityCostsBytes() throws {
    let image = try Fixture.image(width: 64, height: 64) { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
    let sizes = try [-5, 1, 30, 75, 100, 1000].map { try JPEG.encode(image, quality: $0).count }
    #expect(sizes == sizes.sorted())
    #expect((sizes[0], sizes[4]) == (sizes[1], sizes[5]))
    #expect(try JPEG.encode(image) == JPEG.encode(image, quality: 75))
  }

  @Test func aSideBeyondTheFormat() throws {
    let image = try Fixture.image(width: 65_501, height: 1) { _ in 0 }
    #expect(throws: ImageError.unsupported(.jpeg)) { try JPEG.encode(image) }
  }
}
