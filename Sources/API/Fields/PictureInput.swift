import CCrypto
import Images

/// A picture that came in a body, decoded and upright.
struct PictureInput: Sendable, Equatable {
  let format: ImageFormat
  let image: RGBImage
  /// Of the file as it came, in hex: what replies and pictures say in its place.
  let sha256: String

  /// Of one picture's file, in bytes.
  static let limit = 5 << 20
  /// Of all pictures of a request.
  static let totalLimit = 20 << 20
}

/// Reads the pictures of one body and counts what they take.
struct PictureReader {
  /// Bytes that the request's pictures may still have.
  private var left = PictureInput.totalLimit
  /// What was found in the fields read so far, for the fields that say what it should be.
  private(set) var formats: [String: ImageFormat] = [:]

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
      return PictureInput(
        format: header.format, image: try ImageDecoder.decode(bytes, upright: true),
        sha256: try Self.digest(of: bytes, field))
    } catch let error as ImageError {
      throw .value("\(field): \(error.message)")
    } catch let problem as FieldProblem {
      throw problem
    } catch {
      throw .value("\(field) cannot be read")
    }
  }

  /// - Throws: when a media type is not that of a picture's bytes.
  static func check(_ mediaType: String, _ format: ImageFormat, _ field: String) throws(FieldProblem) {
    guard ImageFormat(mediaType: mediaType) != format else { return }
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
