/// Undoes the chunked transfer coding (RFC 9112 §7.1).
///
/// Extensions and trailers are checked, counted against their limits and dropped.
public struct ChunkedDecoder: Sendable {
  private enum State {
    case size(digits: Int, value: UInt64)
    case chunkExtension
    case sizeEnd(UInt64)
    case data(remaining: Int)
    case dataEnd, dataEndLF
    case trailer, trailerLF
    case done
  }

  private let limits: HTTPLimits
  private var state = State.size(digits: 0, value: 0)
  private var chunkSize: UInt64 = 0
  private var received = 0
  private var extensionBytes = 0
  private var trailerBytes = 0
  private var trailerFields = 0
  private var line: [UInt8] = []

  /// Sixteen digits hold any 64-bit size; leading zeros count as digits.
  private static let sizeDigits = 16

  public init(limits: HTTPLimits) {
    self.limits = limits
  }

  /// Decodes `input` from `index` on, moving `index` past what was used, and appends the data to `body`.
  /// - Returns: whether the body is complete; bytes after it are left alone.
  /// - Throws: 400 for broken framing, 413 over `limits.body`, 431 for trailers over the header limits.
  public mutating func decode(
    _ input: [UInt8], from index: inout Int, into body: inout [UInt8]
  ) throws(HTTPError) -> Bool {
    while index < input.count {
      switch state {
      case .done: return true
      case .data(let remaining):
        let take = min(remaining, input.count - index)
        body.append(contentsOf: input[index..<(index + take)])
        index += take
        received += take
        state = take == remaining ? .dataEnd : .data(remaining: remaining - take)
      default:
        let byte = input[index]
        index += 1
        try step(byte)
      }
    }
    if case .done = state { return true }
    return false
  }

  private mutating func step(_ byte: UInt8) throws(HTTPError) {
    switch state {
    case .size(let digits, let value): try sizeByte(byte, digits, value)
    case .chunkExtension:
      if byte == ASCII.cr {
        state = .sizeEnd(chunkSize)
      } else {
        try extensionByte(byte)
      }
    case .sizeEnd(let size):
      guard byte == ASCII.lf else { throw .badChunk("A chunk size line does not end in CRLF.") }
      try begin(size)
    case .dataEnd:
      guard byte == ASCII.cr else { throw .badChunk("Chunk data is longer than its size.") }
      state = .dataEndLF
    case .dataEndLF:
      guard byte == ASCII.lf else { throw .badChunk("Chunk data does not end in CRLF.") }
      state = .size(digits: 0, value: 0)
    case .trailer: try trailerByte(byte)
    case .trailerLF:
      guard byte == ASCII.lf else { throw .badHeader("A line does not end in CRLF.") }
      try endTrailerLine()
    case .data, .done: break
    }
  }

  private mutating func sizeByte(_ byte: UInt8, _ digits: Int, _ value: UInt64) throws(HTTPError) {
    if let digit = ASCII.hex(byte) {
      guard digits < Self.sizeDigits else { throw .badChunk("A chunk size is too long.") }
      state = .size(digits: digits + 1, value: value << 4 | UInt64(digit))
      return
    }
    guard digits > 0 else { throw .badChunk("A chunk size is not a hexadecimal number.") }
    chunkSize = value
    switch byte {
    case ASCII.cr: state = .sizeEnd(value)
    case UInt8(ascii: ";"): state = .chunkExtension
    default: throw .badChunk("A chunk size is not a hexadecimal number.")
    }
  }

  private mutating func extensionByte(_ byte: UInt8) throws(HTTPError) {
    guard !ASCII.isControl(byte) || byte == ASCII.tab else {
      throw .badChunk("A chunk extension holds a control character.")
    }
    extensionBytes += 1
    guard extensionBytes <= limits.chunkExtensions else {
      throw .badChunk("The chunk extensions are too long.")
    }
  }

  private mutating func begin(_ size: UInt64) throws(HTTPError) {
    guard let size = Int(exactly: size), size <= limits.body - received else { throw .bodyTooLarge }
    state = size == 0 ? .trailer : .data(remaining: size)
  }

  private mutating func trailerByte(_ byte: UInt8) throws(HTTPError) {
    trailerBytes += 1
    guard trailerBytes <= limits.headerBytes else { throw .headersTooLarge }
    if byte == ASCII.cr {
      state = .trailerLF
    } else if ASCII.isControl(byte) && byte != ASCII.tab {
      throw .badHeader("A trailer line holds a control character.")
    } else {
      line.append(byte)
    }
  }

  private mutating func endTrailerLine() throws(HTTPError) {
    if line.isEmpty {
      state = .done
      return
    }
    trailerFields += 1
    guard trailerFields <= limits.headerFields else { throw .headersTooLarge }
    _ = try FieldLine.parse(line[...])
    line.removeAll(keepingCapacity: true)
    state = .trailer
  }
}
