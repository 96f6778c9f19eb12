import CCrypto
import Images

/// A picture that came in a body, decoded and upright.
struct PictureInput: Sendable, Equatable {
  let format: ImageFormat
  /// Pixels across, and rows.
  let width: Int
  let height: Int
  /// Of the file as it came, in hex: what replies and pictures say in its place.
  let sha256: String
  /// `nil` once they were let go.
  private var pixels: RGBImage?

  fileprivate init(_ format: ImageFormat, _ image: RGBImage, sha256: String) {
    (self.format, self.sha256, pixels) = (format, sha256, image)
    (width, height) = (image.width, image.height)
  }

  /// - Throws: `APIError.unexpected` when the pixels were let go.
  var image: RGBImage {
    get throws(APIError) {
      guard let pixels else { throw .unexpected }
      return pixels
    }
  }

  /// What is known of it stays.
  mutating func letPixelsGo() { pixels = nil }

  /// Of one picture's file, in bytes.
  static let limit = 5 << 20
  /// Of all pictures of a request.
  static let totalLimit = 20 << 20
  /// Pixels of all of them: a file of some kilobytes may have millions.
  static let pixelLimit = 6 * ImageLimits.default.maxPixels
}

/// Reads the pictures of one body and counts what they take.
struct PictureReader {
  /// Bytes that the request's pictures may still have.
  private var left = PictureInput.totalLimit
  /// Pixels that they may still have.
  private var pixelsLeft: Int
  private let pixelLimit: Int
  /// What was found in the fields read so far, for the fields that say what it should be.
  private(set) var formats: [String: ImageFormat] = [:]

  /// - Parameter pixelLimit: of all pictures.
  init(pixelLimit: Int = PictureInput.pixelLimit) {
    (self.pixelLimit, pixelsLeft) = (pixelLimit, pixelLimit)
  }

  /// Decodes base64 of a picture, with or without `data:TYPE;base64,` before it.
  ///
  /// The header is looked at before memory is taken for pixels, and the pixels are decoded: a picture that is
  /// damaged is refused here. Takes as long as that; see `FieldTable.hasPictures`.
  /// - Parameter field: its place in the body, for messages.
  mutating func read(_ text: String, field: String) throws(FieldProblem) -> PictureInput {
    let (declared, encoded) = try Self.parts(text, field)
    let bytes: [UInt8]
    do {
      bytes = try Base64Text.decode(encoded, limit: min(PictureInput.limit, left))
    } catch .tooLong where left < PictureInput.limit {
      throw .value("the pictures of a request should have at most 20 MiB in all; \(field) goes beyond")
    } catch .tooLong {
      throw .value("\(field) should have at most 5 MiB")
    } catch {
      throw .value("\(field) should be a PNG, JPEG or WebP picture in base64")
    }
    left -= bytes.count
    do {
      let header = try ImageDecoder.header(of: bytes)
      formats[field] = header.format
      if let declared { try Self.check(declared, header.format, field) }
      try count(header.width * header.height, field)
      return PictureInput(
        header.format, try ImageDecoder.decode(bytes, upright: true),
        sha256: try Self.digest(of: bytes, field))
    } catch let error as ImageError {
      throw .value("\(field): \(error.message)")
    } catch let problem as FieldProblem {
      throw problem
    } catch {
      throw .value("\(field) cannot be read")
    }
  }

  private mutating func count(_ pixels: Int, _ field: String) throws(FieldProblem) {
    guard pixels <= pixelsLeft else {
      throw .value(
        "the pictures of a request should have at most \(pixelLimit) pixels in all; \(field) goes beyond")
    }
    pixelsLeft -= pixels
  }

  /// Types that say nothing: RFC 2397 lets the type out, and RFC 2046 §4.5.1 has the other for bytes of any kind.
  static let undeclared: Set = ["", "application/octet-stream"]

  /// - Throws: when a media type is not that of a picture's bytes.
  static func check(_ mediaType: String, _ format: ImageFormat, _ field: String) throws(FieldProblem) {
    if undeclared.contains(mediaType.lowercased()) || ImageFormat(mediaType: mediaType) == format { return }
    throw .value("\(field) is \(format.mediaType) by its first bytes, which is not the type it is said to be")
  }

  /// The media type and the base64 of a text; RFC 2397's scheme in any case.
  private static func parts(
    _ text: String, _ field: String
  ) throws(FieldProblem) -> (mediaType: String?, base64: Substring.UTF8View) {
    let all = text[...].utf8
    guard text.prefix(5).lowercased() == "data:" else { return (nil, all) }
    // Longer ones are no data URI that a client means.
    guard let comma = all.prefix(128).firstIndex(of: UInt8(ascii: ",")) else { throw malformed(field) }
    // By bytes: as characters, a comma and an accent behind it are one.
    let head = String(decoding: all[..<comma].dropFirst(5), as: UTF8.self)
    let words = head.split(separator: ";", omittingEmptySubsequences: false)
    guard words.count >= 2, words.last?.lowercased() == "base64" else { throw malformed(field) }
    return (String(words[0]), all[all.index(after: comma)...])
  }

  private static func digest(of bytes: [UInt8], _ field: String) throws(FieldProblem) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    guard EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil) == 1 else {
      throw .value("\(field) cannot be read")
    }
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private static func malformed(_ field: String) -> FieldProblem {
    .value("\(field) should be base64 alone or a URI that begins data:image/png;base64,")
  }
}
