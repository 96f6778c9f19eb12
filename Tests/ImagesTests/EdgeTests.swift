import Foundation
import Images
import Testing

/// Edges against OpenCV, grey and blur against Pillow, byte for byte.
@Suite struct EdgeTests {
  /// Made by scripts/fixtures/images_edges.py.
  private struct Golden: Decodable {
    struct Edges: Decodable {
      let picture: Int
      let low: Double
      let high: Double
      let pixels: Data
    }

    struct Gray: Decodable {
      let picture: Int
      let radius: Double?
      let pixels: Data
    }

    let pictures: [Fixture.Coded]
    let edges: [Edges]
    let gray: [Gray]
    let blurred: [Gray]
  }

  private let golden: Golden

  init() throws { golden = try Fixture.json("edges.json") }

  @Test func findsTheEdgesOpenCVFinds() throws {
    #expect(golden.edges.count == 26)
    for row in golden.edges {
      let coded = golden.pictures[row.picture]
      let found: RGBImage =
        if let picture = coded.picture(RGBImage.self) {
          picture.cannyEdges(low: row.low, high: row.high)
        } else {
          try #require(coded.picture(GrayImage.self)).cannyEdges(low: row.low, high: row.high)
        }
      let expected = row.pixels.flatMap { [$0, $0, $0] }
      #expect(found.pixels == expected, "\(row.picture), \(row.low) to \(row.high)")
    }
  }

  @Test(arguments: [(Double.nan, 1), (-.infinity, .infinity), (1e300, -1e300)])
  func thresholdsBeyondAnySlopeAreFine(low: Double, high: Double) throws {
    let image = try Fixture.image(width: 6, height: 5) { $0 % 18 < 9 ? 0 : 255 }
    #expect(image.cannyEdges(low: low, high: high).width == 6)
  }

  @Test func turnsColourToGreyAsPillowDoes() throws {
    #expect(golden.gray.count == 4)
    for row in golden.gray {
      let picture: RGBImage = try #require(golden.pictures[row.picture].picture())
      let gray = GrayImage(picture)
      #expect(gray.pixels == Array(row.pixels), "\(row.picture)")
      #expect(GrayImage(RGBImage(gray)) == gray)
    }
  }

  @Test func blursAsPillowDoes() throws {
    #expect(golden.blurred.count == 21)
    for row in golden.blurred {
      let picture: GrayImage = try #require(golden.pictures[row.picture].picture())
      let radius = try #require(row.radius)
      #expect(
        picture.gaussianBlurred(radius: radius).pixels == Array(row.pixels), "\(row.picture), \(radius)")
    }
  }

  @Test(arguments: [0, -1, Double.nan]) func aBlurOfNoWidthChangesNothing(radius: Double) throws {
    let picture: GrayImage = try #require(golden.pictures[1].picture())
    #expect(picture.gaussianBlurred(radius: radius) == picture)
  }

  @Test func theWidestBlurIsTheLastThereIs() throws {
    let picture: GrayImage = try #require(golden.pictures[1].picture())
    #expect(picture.gaussianBlurred(radius: .infinity) == picture.gaussianBlurred(radius: 1000))
  }

  @Test func thresholdsTurnBlackAndWhite() throws {
    let image = try #require(GrayImage(width: 4, height: 1, pixels: [0, 127, 128, 255]))
    #expect(image.thresholded().pixels == [0, 0, 255, 255])
    #expect(image.thresholded(at: 1).pixels == [0, 255, 255, 255])
    #expect(image.thresholded(at: 0).pixels == [255, 255, 255, 255])
  }
}
