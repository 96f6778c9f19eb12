import HTTP

/// Requests read whole and in pieces come out the same, and so does the refusal of the rest. Every head is parsed,
/// every body decoded; the limits are low, so that they are met.
///
/// The first byte chooses the limits, the second the pieces.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  var input = Input(start, count)
  let (choice, pieces) = (input.byte(), input.byte())
  let bytes = input.rest
  var limits = HTTPLimits()
  if choice & 1 != 0 {
    (limits.requestLine, limits.headerBytes, limits.headerFields, limits.body) = (64, 256, 8, 128)
  }
  let whole = outcome(bytes, [bytes.count], limits)
  expect(outcome(bytes, [1], limits) == whole, "byte by byte is not whole: \(whole)")
  let sizes = [Int(pieces & 15) + 1, Int(pieces >> 4) + 1]
  expect(outcome(bytes, sizes, limits) == whole, "pieces of \(sizes) are not whole: \(whole)")
  return 0
}

private struct Outcome: Equatable {
  var requests: [HTTPRequest] = []
  var refused: HTTPError?
  /// Whether a request had begun when the bytes ended.
  var isCut = false
}

/// - Parameter sizes: of the pieces, in turn.
private func outcome(_ bytes: [UInt8], _ sizes: [Int], _ limits: HTTPLimits) -> Outcome {
  var parser = RequestParser(limits: limits)
  var outcome = Outcome()
  var (at, turn) = (0, 0)
  do {
    while at < bytes.count {
      let end = min(at + sizes[turn % sizes.count], bytes.count)
      parser.append(bytes[at..<end])
      (at, turn) = (end, turn + 1)
      while let event = try parser.next() {
        guard case .request(let request) = event else { continue }
        expect(request.body.count <= limits.body, "a body of \(request.body.count) bytes")
        // The parser itself adds the Host that an HTTP/1.0 request names in its target alone.
        let added = request.version == .http10 ? 1 : 0
        expect(request.headers.count <= limits.headerFields + added, "\(request.headers.count) fields")
        outcome.requests.append(request)
      }
    }
    outcome.isCut = (try? parser.finish()) == nil
  } catch {
    expect((400...505).contains(error.status), "refused with \(error.status)")
    outcome.refused = error
  }
  return outcome
}
