/// The most a file may ask for. The reference allows headers of 100 MB and sets no other bound; checkpoints
/// of SDXL have headers of some hundred kilobytes, names below 200 bytes and at most 4 dimensions.
enum SafetensorsLimits {
  static let headerBytes: UInt64 = 25_000_000
  /// The document, an entry and its shape, and one to spare.
  static let headerDepth = 4
  static let headerValues = 4_000_000
  static let nameBytes = 1024
  static let rank = 8
}
