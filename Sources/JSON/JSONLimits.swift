/// How much a document may ask of its reader.
public struct JSONLimits: Sendable, Equatable {
  /// Arrays and objects within each other; counted up to `deepest` whatever is set here.
  public var depth: Int

  /// Values in the whole document, arrays and objects included.
  public var values: Int

  /// Bytes of one number; the default is the digits Python's `int` takes.
  public var numberLength: Int

  /// Parser and writer recurse once a level; this many levels fit a stack of 512 KiB.
  static let deepest = 128

  public init(depth: Int = 64, values: Int = 1_000_000, numberLength: Int = 4300) {
    (self.depth, self.values, self.numberLength) = (depth, values, numberLength)
  }
}
