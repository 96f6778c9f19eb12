import Foundation
import Images
import TestSupport
import Testing

/// The part around a mask against diffusers, and what a composite leaves alone.
@Suite struct InpaintTests {
  /// Made by scripts/fixtures/images_inpaint.py.
  private struct Golden: Decodable {
    struct Region: Decodable {
      let width: Int
      let height: Int
      /// Left, top, right, bottom, brightness.
      let boxes: [[Int]]
      /// Width, height, padding.
      let work: [Int]
      let region: [Int]
    }

    struct Crop: Decodable {
      let original: Fixture.Coded
      let mask: Fixture.Coded
      let work: Fixture.Coded
      let padding: Int
      let cut: Data
      let cutMask: Data
      let overlaid: Data
    }

    let regions: [Region]
    let crops: [Crop]
  }

  @Test func findsTheRegionDiffusersFinds() throws {
    let regions = try Fixture.json("inpaint.json", Golden.self).regions
    #expect(regions.count == 63)
    for row in regions {
      var pixels = [UInt8](repeating: 0, count: row.width * row.height)
      for box in row.boxes {
        for y in box[1]..<box[3] { for x in box[0]..<box[2] { pixels[row.width * y + x] = UInt8(box[4]) } }
      }
      let mask = try #require(GrayImage(width: row.width, height: row.height, pixels: pixels))
      let crop = InpaintCrop(mask: mask, width: row.work[0], height: row.work[1], padding: row.work[2])
      let expected = PixelRectangle(
        x: row.region[0], y: row.region[1], width: row.region[2], height: row.region[3])
      #expect(crop?.region == expected, "\(row.width)x\(row.height) \(row.boxes) for \(row.work)")
    }
  }

  @Test func cutsAndPutsBackAsDiffusersDoes() throws {
    let crops = try Fixture.json("inpaint.json", Golden.self).crops
    #expect(crops.count == 4)
    for row in crops {
      let original: RGBImage = try #require(row.original.picture())
      let mask: GrayImage = try #require(row.mask.picture())
      let work: RGBImage = try #require(row.work.picture())
      let crop = try #require(
        InpaintCrop(mask: mask, width: work.width, height: work.height, padding: row.padding))
      #expect(crop.cut(original)?.pixels == Array(row.cut))
      #expect(crop.cut(mask)?.pixels == Array(row.cutMask))
      #expect(crop.overlaid(work, onto: original, mask: mask)?.pixels == Array(row.overlaid))
      let pasted = try #require(crop.pasted(work, onto: original))
      for (at, pixel) in pasted.pixels.enumerated() where !crop.region.contains(at / 3, across: pasted.width)
      {
        #expect(pixel == original.pixels[at])
      }
    }
  }

  @Test func refusesWhatIsNoCrop() throws {
    let black = try #require(GrayImage(width: 3, height: 2, pixels: [UInt8](repeating: 0, count: 6)))
    let mask = try #require(GrayImage(width: 3, height: 2, pixels: [0, 0, 255, 0, 0, 0]))
    #expect(InpaintCrop(mask: black, width: 8, height: 8, padding: 4) == nil)
    #expect(InpaintCrop(mask: mask, width: 0, height: 8, padding: 4) == nil)
    #expect(InpaintCrop(mask: mask, width: 8, height: 8, padding: -1) == nil)
    let crop = try #require(InpaintCrop(mask: mask, width: 8, height: 8, padding: .max))
    let other = try Fixture.image(width: 2, height: 3) { UInt8($0) }
    let work = try Fixture.image(width: 8, height: 8) { UInt8($0) }
    #expect(crop.cut(other) == nil)
    #expect(crop.pasted(work, onto: other) == nil)
    #expect(crop.overlaid(work, onto: other, mask: mask) == nil)
    #expect(Composite(mask: mask, feather: 1)(other, over: other) == nil)
  }

  @Test(arguments: [0, 0.6, 2, 4, 20]) func aCompositeKeepsEveryByteOutsideTheMask(feather: Double) throws {
    var random = SplitMix(seed: UInt64(feather * 10))
    for _ in 0..<10 {
      let (width, height) = (Int.random(in: 1...40, using: &random), Int.random(in: 1...40, using: &random))
      let original = try Fixture.image(width: width, height: height) { _ in random.byte() }
      let result = try Fixture.image(width: width, height: height) { _ in random.byte() }
      // Rows of grey and rows of noise, so that there are broad and narrow parts.
      let brightness = (0..<width * height).map { $0 / width % 7 < 4 ? UInt8(200) : random.byte() }
      let mask = try #require(GrayImage(width: width, height: height, pixels: brightness))
      let made = try #require(Composite(mask: mask, feather: feather)(result, over: original))
      for at in 0..<made.pixels.count {
        let (before, after) = (original.pixels[at], result.pixels[at])
        if mask.pixels[at / 3] < 128 {
          #expect(made.pixels[at] == before)
        } else if feather == 0 {
          #expect(made.pixels[at] == after)
        } else {
          #expect(made.pixels[at] >= min(before, after))
          #expect(made.pixels[at] <= max(before, after))
        }
      }
    }
  }

  /// Half black, half white: the opacity begins at the border, and is whole a few radii inside.
  @Test func theFeatherLiesInsideTheMask() throws {
    let mask = GrayImage(try Fixture.image(width: 60, height: 4) { $0 / 3 % 60 < 30 ? 0 : 255 })
    let opacity = Composite(mask: mask, feather: 4).opacity.pixels.prefix(60)
    #expect(opacity[29] == 0)
    #expect((1...60).contains(opacity[30]))
    #expect(zip(opacity, opacity.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(opacity[44] == 255)
  }
}

extension SplitMix {
  fileprivate mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }
}

extension PixelRectangle {
  fileprivate func contains(_ pixel: Int, across width: Int) -> Bool {
    (x..<x + self.width).contains(pixel % width) && (y..<y + height).contains(pixel / width)
  }
}
