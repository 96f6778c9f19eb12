/// Why a document was refused, and where.
public struct JSONError: Error, Equatable, CustomStringConvertible {
  /// What was wrong. The raw values are messages; the first ten are the words of Python 3.12's `json`.
  public enum Kind: String, Sendable, CaseIterable {
    case expectingValue = "Expecting value"
    case extraData = "Extra data"
    case expectingPropertyName = "Expecting property name enclosed in double quotes"
    case expectingColon = "Expecting ':' delimiter"
    case expectingComma = "Expecting ',' delimiter"
    case unterminatedString = "Unterminated string starting at"
    case invalidControlCharacter = "Invalid control character at"
    case invalidEscape = "Invalid \\escape"
    case invalidUnicodeEscape = "Invalid \\uXXXX escape"
    case byteOrderMark = "Unexpected UTF-8 BOM (decode using utf-8-sig)"
    // Python accepts what follows.
    case loneSurrogate = "Lone surrogate in \\uXXXX escape"
    case duplicateKey = "Duplicate key"
    case invalidUTF8 = "Invalid UTF-8"
    case tooDeep = "Nesting too deep"
    case tooManyValues = "Too many values"
    case numberTooLong = "Number too long"
  }

  public let kind: Kind

  /// Unicode scalars before the mistake, as Python's `JSONDecodeError.pos` counts.
  public let position: Int

  /// Bytes before the mistake.
  public let byteOffset: Int

  /// The keys of the objects around the mistake, outermost first; for a duplicate key, it comes last.
  public internal(set) var keys: [String] = []

  public var message: String { kind.rawValue }

  public var description: String { "\(message) (char \(position))" }

  /// The same error, seen from the object whose member `key` holds it.
  func inside(_ key: String) -> JSONError {
    var error = self
    error.keys.insert(key, at: 0)
    return error
  }
}
