import FoundationEssentials
import Synchronization

/// Where the pixels of pictures go when a value that holds pictures is coded as JSON: beside it, as they are.
///
/// A coder whose `userInfo` has one under `key` writes the place of each picture's bytes; without one, as in tests
/// of a value alone, they stand in the JSON as base64.
public final class PixelBytes: Sendable {
  public static let key = CodingUserInfoKey(rawValue: "darkroom.pixels")

  private let store: Mutex<[UInt8]>

  public init(_ bytes: [UInt8] = []) { store = Mutex(bytes) }

  /// Of all pictures, one after another.
  public var bytes: [UInt8] { store.withLock { $0 } }

  /// - Returns: where they begin.
  func append(_ pixels: [UInt8]) -> Int {
    store.withLock { bytes in
      defer { bytes += pixels }
      return bytes.count
    }
  }

  /// - Returns: `nil` beyond what there is.
  func read(from begin: Int, count: Int) -> [UInt8]? {
    store.withLock { bytes in
      let (end, overflow) = begin.addingReportingOverflow(count)
      guard begin >= 0, count >= 0, !overflow, end <= bytes.count else { return nil }
      return Array(bytes[begin..<end])
    }
  }
}

/// The pixels of a picture with their place beside the JSON, or in it.
private struct CodedPixels: Codable {
  var width: Int
  var height: Int
  var offset: Int?
  var base64: Data?

  init(width: Int, height: Int, pixels: [UInt8], _ encoder: any Encoder) {
    (self.width, self.height) = (width, height)
    if let bytes = encoder.userInfo.pixelBytes {
      offset = bytes.append(pixels)
    } else {
      base64 = Data(pixels)
    }
  }

  func pixels(_ decoder: any Decoder, channels: Int) throws -> [UInt8] {
    let (area, overflow) = width.multipliedReportingOverflow(by: height)
    let (count, tooMany) = area.multipliedReportingOverflow(by: channels)
    let stored = offset.flatMap { decoder.userInfo.pixelBytes?.read(from: $0, count: count) }
    guard width > 0, height > 0, !overflow, !tooMany, let bytes = stored ?? base64.map(Array.init) else {
      throw damaged(decoder)
    }
    return bytes
  }

  func damaged(_ decoder: any Decoder) -> DecodingError {
    .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "the pixels are not all there"))
  }
}

extension [CodingUserInfoKey: Any] {
  fileprivate var pixelBytes: PixelBytes? { PixelBytes.key.flatMap { self[$0] as? PixelBytes } }
}

extension PixelImage {
  public init(from decoder: any Decoder) throws {
    let coded = try CodedPixels(from: decoder)
    let pixels = try coded.pixels(decoder, channels: Self.channels)
    guard let image = Self(width: coded.width, height: coded.height, pixels: pixels) else {
      throw coded.damaged(decoder)
    }
    self = image
  }

  public func encode(to encoder: any Encoder) throws {
    try CodedPixels(width: width, height: height, pixels: pixels, encoder).encode(to: encoder)
  }
}

extension RGBImage: Codable {}

extension GrayImage: Codable {}
