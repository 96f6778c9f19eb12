/// Turns the bytes of a connection into requests, one after the other (RFC 9112), without doing any I/O.
///
/// Append what arrived, then call `next()` until it returns `nil`. Every byte is looked at once however the
/// bytes are cut, and a request's memory is bounded by `limits`. After an error the parser is spent.
public struct RequestParser: Sendable {
  /// What the bytes so far have brought.
  public enum Event: Sendable, Equatable {
    /// The head is complete and accepted; it is in `partial`, and the body is still to come.
    case head
    /// The client waits for `100 Continue` before it sends the body.
    case continueWanted
    /// The request is whole.
    case request(HTTPRequest)
  }

  /// Where in a request the bytes stand.
  public enum Phase: Sendable, Equatable {
    /// Nothing of the next request has come.
    case idle
    /// In the request line or the header fields.
    case head
    case body
  }

  enum State {
    case requestLine
    case fields
    case headDone(BodyFraming)
    case continueDue(BodyFraming)
    case body(remaining: Int)
    case chunked(ChunkedDecoder)
    case failed(HTTPError)
  }

  let limits: HTTPLimits
  var state = State.requestLine
  var buffer: [UInt8] = []
  /// Bytes before this index have been used.
  var used = 0
  /// Bytes before this index hold no line end that has not been used.
  var scanned = 0
  var headerBytes = 0
  var skippedEmptyLine = false
  var request = HTTPRequest(method: "", target: "", path: "")
  var authority: String?
  /// The last Host that was found to be valid.
  var lastHost: String?

  /// The body's length as Content-Length tells it; `nil` without one.
  public internal(set) var declaredLength: Int?

  /// Keep no more than this for the next request: a thousand idle connections add up.
  private static let keptCapacity = 4 * 1024
  /// The most that is reserved on the word of Content-Length alone.
  private static let trustedReservation = 64 * 1024

  public init(limits: HTTPLimits = HTTPLimits()) {
    self.limits = limits
  }

  /// Takes bytes that arrived.
  public mutating func append(_ bytes: some Collection<UInt8>) {
    dropUsed()
    buffer.append(contentsOf: bytes)
  }

  /// The next event, or `nil` when more bytes are needed.
  /// - Throws: what the client is to be told before the connection closes; the same again when called again.
  public mutating func next() throws(HTTPError) -> Event? {
    do {
      return try advance()
    } catch {
      state = .failed(error)
      throw error
    }
  }

  /// Tells that no more bytes will come.
  /// - Throws: 400 when a request has begun and is not complete.
  public func finish() throws(HTTPError) {
    if phase != .idle {
      throw HTTPError(
        status: 400, detail: "The connection ended inside a request.", code: "incomplete_request")
    }
  }

  public var phase: Phase {
    switch state {
    case .requestLine: used == buffer.count ? .idle : .head
    case .fields, .failed: .head
    case .headDone, .continueDue, .body, .chunked: .body
    }
  }

  /// Bytes of the body so far.
  public var receivedLength: Int { request.body.count }

  /// Bytes of memory the body takes so far.
  public var bodyCapacity: Int { request.body.capacity }

  /// The request being read, as far as it is known: `nil` before its request line is.
  public var partial: HTTPRequest? {
    request.method.isEmpty ? nil : request
  }

  /// Whether, right after `Event.head`, a body is to come that the client waits to be invited to send, or that
  /// is chunked or longer than `length`: one worth refusing unread although that costs the connection.
  public func awaitsBody(over length: Int) -> Bool {
    switch state {
    case .headDone(.length(let declared)):
      declared > length || declared > 0 && request.headers["expect"] != nil
    case .headDone(.chunked): true
    default: false
    }
  }

  private mutating func advance() throws(HTTPError) -> Event? {
    while true {
      switch state {
      case .failed(let error): throw error
      case .requestLine:
        guard let line = try takeLine(limit: limits.requestLine, over: .lineTooLong) else { return nil }
        try requestLine(line)
      case .fields:
        guard let line = try takeLine(limit: limits.headerBytes - headerBytes, over: .headersTooLarge) else {
          return nil
        }
        if try field(line) { return .head }
      case .headDone(let framing):
        if try expectsContinue(), framing != .length(0) {
          state = .continueDue(framing)
        } else {
          begin(framing)
        }
      case .continueDue(let framing):
        begin(framing)
        // A client that sends without waiting needs no invitation (RFC 9110 §10.1.1).
        if used == buffer.count { return .continueWanted }
      case .body, .chunked:
        guard try body() else { return nil }
        return .request(takeRequest())
      }
    }
  }

  private mutating func begin(_ framing: BodyFraming) {
    switch framing {
    case .length(let length):
      request.body.reserveCapacity(min(length, Self.trustedReservation))
      state = .body(remaining: length)
    case .chunked: state = .chunked(ChunkedDecoder(limits: limits))
    }
  }

  /// Moves what there is of the body; true when it is whole.
  private mutating func body() throws(HTTPError) -> Bool {
    switch state {
    case .body(let remaining):
      let take = min(remaining, buffer.count - used)
      makeRoom(for: take, of: remaining)
      request.body.append(contentsOf: buffer[used..<(used + take)])
      used += take
      state = .body(remaining: remaining - take)
      scanned = used
      return take == remaining
    case .chunked(var decoder):
      // The decoder owns an array: it must not be shared with the state while it is changed.
      state = .body(remaining: 0)
      let done = try decoder.decode(buffer, from: &used, into: &request.body)
      state = .chunked(decoder)
      scanned = used
      return done
    default: return false
    }
  }

  /// Doubles the room for the body when it is used up, but never beyond the length that was declared.
  private mutating func makeRoom(for take: Int, of remaining: Int) {
    let (count, capacity) = (request.body.count, request.body.capacity)
    guard capacity < count + take else { return }
    request.body.reserveCapacity(min(count + remaining, max(count + take, 2 * capacity)))
  }

  private mutating func takeRequest() -> HTTPRequest {
    let complete = request
    request = HTTPRequest(method: "", target: "", path: "")
    authority = nil
    declaredLength = nil
    headerBytes = 0
    skippedEmptyLine = false
    state = .requestLine
    if used == buffer.count, buffer.capacity > Self.keptCapacity { dropUsed() }
    return complete
  }

  /// Forgets used bytes: for nothing when all are, else only when that halves the buffer, so that each byte is
  /// moved at most once on average.
  private mutating func dropUsed() {
    if used == buffer.count {
      let keep = buffer.capacity <= Self.keptCapacity
      buffer.removeAll(keepingCapacity: keep)
    } else if used > buffer.count / 2 {
      buffer.removeFirst(used)
    } else {
      return
    }
    scanned -= used
    used = 0
  }
}
