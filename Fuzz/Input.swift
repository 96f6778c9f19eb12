/// Hands out the bytes of one input: a few for choices, the rest as data.
struct Input {
  private var bytes: UnsafeBufferPointer<UInt8>.SubSequence

  init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
    bytes = UnsafeBufferPointer(start: start, count: count)[...]
  }

  /// The next byte; 0 when there is none.
  mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

  /// All that is left.
  var rest: [UInt8] { Array(bytes) }
}

/// Ends the process, so that libFuzzer keeps the input that led here.
func expect(_ condition: Bool, _ what: @autoclosure () -> String) {
  if !condition { fatalError(what()) }
}
