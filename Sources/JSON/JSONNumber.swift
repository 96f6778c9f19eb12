/// A number as it stands in the document, so that no digit is lost before its reader chooses a type.
///
/// Two numbers are equal when they are spelt the same: `1` is not `1.0`.
public struct JSONNumber: Sendable, Equatable {
  /// The literal, by the grammar of RFC 8259 section 6.
  public let text: String

  /// - Parameter literal: follows the grammar; the parser has checked it.
  init(literal: String) { text = literal }

  public init(_ value: Int) { text = String(value) }

  public init(_ value: UInt64) { text = String(value) }

  /// The shortest literal that reads back as the same double; a whole number keeps its `.0`.
  ///
  /// - Returns: `nil` when the value is not finite, since JSON has no spelling for it.
  public init?(_ value: Double) {
    guard value.isFinite else { return nil }
    text = value.description
  }

  /// Whether the literal has neither fraction nor exponent: `1` has, `1.0` and `1e2` have not.
  public var isIntegerLiteral: Bool {
    text.utf8.allSatisfy { $0 == ASCII.minus || ASCII.isDigit($0) }
  }

  /// The exact value of an integer literal, `nil` when it does not fit 64 signed bits or is `1.0` or `1e2`.
  public var int: Int? { isIntegerLiteral ? Int(text) : nil }

  /// The exact value of an integer literal without a sign, `nil` when it does not fit 64 bits.
  public var uint64: UInt64? {
    text.utf8.allSatisfy(ASCII.isDigit) ? UInt64(text) : nil
  }

  /// The nearest double, `nil` when the literal is beyond the range of doubles (`1e999`).
  public var double: Double? {
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }
}
