/// Why a picture could not be read or written.
public enum ImageError: Error, Sendable, Equatable {
  /// The first bytes are those of no format that is read.
  case unknownFormat
  /// Damaged, cut short, or holding something that a strict reader may not mend.
  case damaged(ImageFormat)
  /// Well formed, but of a kind that is not read.
  case unsupported(ImageFormat)
  /// More than one frame.
  case animated(ImageFormat)
  /// The header claims more than the limits allow. No memory was taken for the pixels.
  case tooLarge(width: Int, height: Int, limits: ImageLimits)
  /// A keyword or text that PNG cannot hold.
  case invalidText(keyword: String)
  case outOfMemory

  /// One sentence that is safe to show to clients: nothing in it comes from a decoder.
  public var message: String {
    switch self {
    case .unknownFormat: "The data is not a PNG, JPEG or WebP picture."
    case .damaged(let format): "The \(format.name) picture is damaged or incomplete."
    case .unsupported(let format): "This kind of \(format.name) picture is not supported."
    case .animated(let format): "Animated \(format.name) pictures are not supported."
    case .tooLarge(let width, let height, let limits):
      "The picture is \(width)x\(height) pixels; at most \(limits.maxSide) a side and \(limits.maxPixels) in "
        + "all are accepted."
    case .invalidText: "The text cannot be stored in a PNG."
    case .outOfMemory: "There is not enough memory for the picture."
    }
  }
}
