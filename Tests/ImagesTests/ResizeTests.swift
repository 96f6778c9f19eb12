import Foundation
import Images
import Testing

/// Resizing against Pillow, diffusers and transformers, byte for byte.
@Suite struct ResizeTests {
  /// Made by scripts/fixtures/images_resize.py.
  private struct Golden: Decodable {
    struct Case: Decodable {
      let picture: Int
      let width: Int
      let height: Int
      let how: String
      let pixels: Data

      var bytes: [UInt8] { Array(pixels) }
    }

    let pictures: [Fixture.Coded]
    let resized: [Case]
    let fitted: [Case]
    let clip: [Case]
  }

  private let golden: Golden

  init() throws { golden = try Fixture.json("resize.json") }

  @Test func resizesAsPillowDoes() throws {
    #expect(golden.resized.count == 75)
    for row in golden.resized {
      let filter = try #require(ResampleFilter(rawValue: row.how))
      try expect(row) { $0.resized(width: row.width, height: row.height, filter: filter) }
    }
  }

  @Test func fitsAsDiffusersDoes() throws {
    #expect(golden.fitted.count > 50)
    for row in golden.fitted {
      let mode = try #require(ResizeMode(rawValue: row.how))
      try expect(row) { $0.fitted(width: row.width, height: row.height, mode: mode) }
    }
  }

  @Test func cropsForCLIPAsTransformersDoes() throws {
    #expect(golden.clip.count == 6)
    for row in golden.clip {
      let picture: RGBImage = try #require(golden.pictures[row.picture].picture())
      #expect(picture.clipInput(side: row.width).pixels == row.bytes, "\(row.picture), \(row.width)")
    }
  }

  @Test(arguments: ResampleFilter.allCases) func sameSizeIsTheSamePicture(filter: ResampleFilter) throws {
    let image = try Fixture.image(width: 9, height: 7) { UInt8(truncatingIfNeeded: $0 * 31) }
    #expect(image.resized(width: 9, height: 7, filter: filter) == image)
  }

  @Test(arguments: ResizeMode.allCases) func nothingShrinksToNothing(mode: ResizeMode) throws {
    let line = try Fixture.image(width: 300, height: 1) { UInt8(truncatingIfNeeded: $0) }
    for (width, height) in [(8, 8), (1, 1), (1, 64), (0, -3)] {
      let fitted = line.fitted(width: width, height: height, mode: mode)
      #expect(fitted.width == max(width, 1))
      #expect(fitted.height == max(height, 1))
    }
    #expect(line.clipInput(side: 8).height == 8)
  }

  @Test func cropsOnlyInside() throws {
    let image = try Fixture.image(width: 4, height: 3) { UInt8($0) }
    let part = try #require(image.cropped(to: PixelRectangle(x: 1, y: 1, width: 2, height: 2)))
    #expect(part.pixels == [15, 16, 17, 18, 19, 20, 27, 28, 29, 30, 31, 32])
    for (x, y, width, height) in [
      (-1, 0, 2, 2), (0, -1, 2, 2), (3, 0, 2, 2), (0, 2, 1, 2), (0, 0, 0, 1), (1, 1, Int.max, 1),
      (Int.min, 0, 1, 1),
    ] {
      #expect(image.cropped(to: PixelRectangle(x: x, y: y, width: width, height: height)) == nil)
    }
  }

  private func expect(_ row: Golden.Case, _ work: (any PixelImage) -> any PixelImage) throws {
    let coded = golden.pictures[row.picture]
    let picture: any PixelImage =
      if let picture = coded.picture(RGBImage.self) { picture } else {
        try #require(coded.picture(GrayImage.self))
      }
    let made = work(picture)
    #expect(made.width == row.width)
    #expect(made.height == row.height)
    #expect(made.pixels == row.bytes, "\(row.picture) to \(row.width)x\(row.height), \(row.how)")
  }
}
