import Glibc

extension SafetensorsError: CustomStringConvertible {
  public var description: String {
    let subject = tensor.map { "\(file): tensor \(quoted($0))" } ?? file
    return "\(printable(subject)): \(kind.sentence)."
  }
}

extension SafetensorsError.Kind {
  fileprivate var sentence: String {
    switch self {
    case .cannotOpen(let errno): "cannot be opened (\(words(for: errno)))"
    case .notRegularFile: "is not a regular file"
    case .readFailed(let errno): "cannot be read (\(words(for: errno)))"
    case .changedSinceOpening: "the file was changed while it was in use; load it again"
    case .otherFormat(let format): "is not a safetensors file but \(format.rawValue); \(format.advice)"
    case .tooShort(let bytes): "has \(bytes) bytes, too few for a safetensors file"
    case .headerTooLarge(let bytes):
      "the header is said to have \(bytes) bytes; at most \(SafetensorsLimits.headerBytes) are accepted"
    case .headerBeyondFile(let bytes):
      "the header is said to have \(bytes) bytes, more than follow: it is cut short or of another format"

    case .headerNotObject: "the header does not begin with {"
    case .headerNotUTF8(let byteOffset): "the header is not UTF-8 at byte \(byteOffset)"
    case .headerNotJSON(let reason, let position):
      "the header is not JSON: \(reason) (character \(position))"
    case .headerTooComplex(let reason): "the header is refused: \(reason.lowercased())"
    case .duplicateKey(let key): "the header has the key \(printable(quoted(key))) twice"
    case .invalidMetadata: "__metadata__ is not an object of strings"

    case .nameTooLong(let bytes):
      "the name has \(bytes) bytes; at most \(SafetensorsLimits.nameBytes) are accepted"
    case .controlCharacterInName: "the name contains control characters"
    case .entryNotObject: "its entry is not an object"
    case .missingField(let field): "its entry has no \(field)"
    case .unknownField(let field): "its entry has an unknown field \(printable(quoted(field)))"
    case .unknownDType(let name?): "the dtype \(printable(quoted(name))) is not supported"
    case .unknownDType(nil): "the dtype is not a string"
    case .invalidShape: "the shape is not an array of whole numbers"
    case .rankTooHigh(let rank):
      "the shape has \(rank) dimensions; at most \(SafetensorsLimits.rank) are accepted"
    case .invalidOffsets: "data_offsets are not two whole numbers"
    case .reversedOffsets(let begin, let end): "the data ends at \(end), before it begins at \(begin)"
    case .sizeOverflow: "the size does not fit 64 bits"
    case .sizeMismatch(let stored, let needed):
      "the file holds \(stored) bytes of data where dtype and shape need \(needed)"

    case .gap(let expected, let found):
      "the data begins at \(found) instead of \(expected), which leaves bytes of no tensor"
    case .overlap(let expected, let found):
      "the data begins at \(found), inside that of another tensor, which ends at \(expected)"
    case .truncated(let expected, let found): "is cut short: \(found) bytes of \(expected)"
    case .trailingBytes(let expected, let found): "has \(found) bytes, but its tensors end after \(expected)"

    case .unknownTensor: "the file has no such tensor"
    case .readOutOfRange(let offset, let bytes): "\(bytes) bytes at \(offset) are not within its data"
    }
  }

  private func words(for errno: Int32) -> String {
    strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
  }
}

extension SafetensorsError.OtherFormat {
  fileprivate var advice: String {
    switch self {
    case .pickle, .zip: "such a file can run code when it is read: convert it to safetensors first"
    case .gguf: "that format is not supported"
    case .webPage, .json, .text, .blank, .largeFilePointer: "download it again"
    }
  }
}

/// Names come from the file, so they are cut to a readable length.
private func quoted(_ name: String) -> String {
  let shown = name.unicodeScalars.prefix(200)
  let ellipsis = shown.endIndex == name.unicodeScalars.endIndex ? "" : "…"
  return "\"\(String(shown))\(ellipsis)\""
}

/// Control characters as escapes, so that a file cannot write lines of its own into a log.
private func printable(_ text: String) -> String {
  text.unicodeScalars.reduce(into: "") { result, scalar in
    result += scalar.isControl ? scalar.escaped(asASCII: true) : String(scalar)
  }
}

extension Unicode.Scalar {
  /// The sets C0 and C1, delete, and the two line separators.
  var isControl: Bool {
    properties.generalCategory == .control || value == 0x2028 || value == 0x2029
  }
}
