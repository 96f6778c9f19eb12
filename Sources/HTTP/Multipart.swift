import Glibc

/// One field of a form (RFC 7578).
public struct MultipartPart: Sendable, Equatable {
  /// As sent: browsers write a quote as `%22`, which is not undone.
  public let name: String
  /// What the client calls the file, as sent; `nil` where the part is no file. Never a path to open.
  public let filename: String?
  /// The part's own Content-Type; `nil` means text.
  public let contentType: String?
  /// A slice of the request's body, not a copy.
  public let body: ArraySlice<UInt8>
}

/// How much of a form is accepted; the body as a whole has `HTTPLimits.body`.
public struct MultipartLimits: Sendable, Equatable {
  public var parts = 64
  /// Bytes of one part's header lines with their line ends.
  public var headerBytes = 8 * 1024

  public init() {}
}

/// A form that was refused, with words for the client that repeat nothing it sent.
public enum MultipartError: Error, Sendable, Equatable {
  /// Content-Type is not `multipart/form-data` with a boundary.
  case contentType(String)
  /// The body is not a form of that boundary.
  case malformed(String)
  /// There is more of it than `MultipartLimits` says.
  case tooLarge(String)

  public var detail: String {
    switch self {
    case .contentType(let detail), .malformed(let detail), .tooLarge(let detail): detail
    }
  }
}

/// Takes a form apart, `multipart/form-data` (RFC 7578, RFC 2046 §5.1), in time linear in its length.
public enum Multipart {
  /// The parts of a whole body, in order; names may repeat.
  /// - Parameter contentType: the request's, with its boundary.
  /// - Throws: `MultipartError` when the boundary is missing or no boundary, when a delimiter, a part's header
  ///   lines or its `Content-Disposition: form-data; name="…"` are missing or malformed, and over a limit. What
  ///   stands before the first and after the last delimiter means nothing (RFC 2046 §5.1.1) and is passed over.
  public static func parse(
    _ body: [UInt8], contentType: String, limits: MultipartLimits = MultipartLimits()
  ) throws(MultipartError) -> [MultipartPart] {
    let delimiter = [UInt8]("\r\n--".utf8) + [UInt8](try boundary(of: contentType).utf8)
    var parts: [MultipartPart] = []
    // The first delimiter may stand at the very beginning, where its line break is missing.
    var last =
      body.starts(with: delimiter.dropFirst(2))
      ? Self.delimiter(in: body, start: 0, end: delimiter.count - 2) : nil
    if last == nil { last = next(delimiter, in: body, from: 0) }
    guard var open = last else { throw .malformed("The form does not begin with its boundary.") }
    while !open.isLast {
      guard let close = next(delimiter, in: body, from: open.end) else {
        throw .malformed("The form ends without its last boundary.")
      }
      guard parts.count < limits.parts else {
        throw .tooLarge("The form has more than \(limits.parts) parts.")
      }
      parts.append(try part(body[open.end..<close.start], limits: limits))
      open = close
    }
    return parts
  }

  /// RFC 2046 §5.1.1: 1 to 70 characters, the last no blank.
  private static func boundary(of contentType: String) throws(MultipartError) -> String {
    guard let value = ParameterizedValue(contentType), value.word == "multipart/form-data" else {
      throw .contentType("The Content-Type is not multipart/form-data.")
    }
    guard let boundary = value["boundary"], (1...70).contains(boundary.utf8.count),
      boundary.utf8.allSatisfy(isBoundary), boundary.utf8.last != ASCII.space
    else { throw .contentType("The Content-Type has no valid boundary.") }
    return boundary
  }

  private static func isBoundary(_ byte: UInt8) -> Bool {
    ASCII.isDigit(byte) || ASCII.isLetter(byte) || "'()+_,-./:=? ".utf8.contains(byte)
  }

  /// A line that ends a part, and begins the next unless it is the last one.
  private struct Delimiter {
    /// Where the line break before it begins.
    var start: Int
    /// After its own line break.
    var end: Int
    var isLast: Bool
  }

  private static func next(_ delimiter: [UInt8], in body: [UInt8], from: Int) -> Delimiter? {
    // The line break that ends a delimiter cannot begin the next one, since an empty line ends a part's header.
    var from = from
    while let start = find(delimiter, in: body, from: from) {
      if let found = Self.delimiter(in: body, start: start, end: start + delimiter.count) { return found }
      from = start + delimiter.count
    }
    return nil
  }

  /// The delimiter whose boundary ends at `end`, or `nil` where more than `--` or blanks follows it in its line:
  /// then it is part of the data, such as another form's longer boundary.
  private static func delimiter(in body: [UInt8], start: Int, end: Int) -> Delimiter? {
    if body[end...].starts(with: "--".utf8) { return Delimiter(start: start, end: end + 2, isLast: true) }
    let padding = body[end...].prefix { $0 == ASCII.space || $0 == ASCII.tab }
    guard body[padding.endIndex...].starts(with: [ASCII.cr, ASCII.lf]) else { return nil }
    return Delimiter(start: start, end: padding.endIndex + 2, isLast: false)
  }

  /// Linear whatever the bytes: a delimiter has no second CR, so what was compared is not looked at again.
  private static func find(_ delimiter: [UInt8], in body: [UInt8], from: Int) -> Int? {
    body.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return nil }
      var from = from
      while from + delimiter.count <= bytes.count {
        guard let cr = memchr(base + from, Int32(ASCII.cr), bytes.count - from) else { return nil }
        let start = UnsafeRawPointer(cr) - base
        guard start + delimiter.count <= bytes.count else { return nil }
        if memcmp(base + start, delimiter, delimiter.count) == 0 { return start }
        from = start + 1
      }
      return nil
    }
  }
}
