import Foundation
import Images

/// Files that scripts/fixtures/images*.py make.
enum Fixture {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appending(path: name)))
  }

  /// A picture, and what Pillow reads in it.
  struct Picture: Decodable {
    let name: String
    let width: Int
    let height: Int
    /// Levels of 255 that a decoder may be off: 0 for lossless formats.
    let tolerance: Int
  }

  static func pictures(_ list: String = "pictures.json") throws -> [Picture] {
    try JSONDecoder().decode([Picture].self, from: Data(bytes(list)))
  }

  static func image(width: Int, height: Int, _ value: (Int) -> UInt8) throws -> RGBImage {
    struct BadSize: Error {}
    let pixels = (0..<3 * width * height).map(value)
    guard let image = RGBImage(width: width, height: height, pixels: pixels) else { throw BadSize() }
    return image
  }

  /// A picture in JSON; its pixels are base64.
  struct Coded: Decodable {
    let width: Int
    let height: Int
    let pixels: Data

    /// - Returns: `nil` when it has another number of channels.
    func picture<Picture: PixelImage>(_: Picture.Type = Picture.self) -> Picture? {
      Picture(width: width, height: height, pixels: Array(pixels))
    }
  }

  static func json<Document: Decodable>(_ name: String, _: Document.Type = Document.self) throws -> Document {
    try JSONDecoder().decode(Document.self, from: Data(bytes(name)))
  }
}
