/// The file formats that are read.
public enum ImageFormat: Sendable, Equatable, CaseIterable {
  case png, jpeg, webp

  /// As people write it.
  public var name: String {
    switch self {
    case .png: "PNG"
    case .jpeg: "JPEG"
    case .webp: "WebP"
    }
  }

  /// The media type (IANA); `image/webp` is RFC 9649's.
  public var mediaType: String {
    switch self {
    case .png: "image/png"
    case .jpeg: "image/jpeg"
    case .webp: "image/webp"
    }
  }

  /// The format a media type names, whatever its case; `image/jpg`, which many write, is JPEG too.
  public init?(mediaType: String) {
    let name = mediaType.lowercased()
    guard
      let format = Self.allCases.first(where: { $0.mediaType == (name == "image/jpg" ? "image/jpeg" : name) })
    else { return nil }
    self = format
  }

  /// The format that the first bytes belong to, whatever a client says it is; `nil` when none.
  public static func sniff(_ bytes: [UInt8]) -> ImageFormat? {
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
    if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) {
      return .webp
    }
    return nil
  }
}
