import HTTP
import Logging

/// Drives HTTP over one socket. Confined to the serving thread.
///
/// One request is answered at a time, so pipelined responses come in order. Nothing is read while a response
/// is being made or sent: the kernel's buffers push back on the client. After each call the reactor reads
/// `isDead`, `interest` and `deadline` again.
final class Connection {
  enum Stage {
    case serving
    /// The last response is in `output`; when it is sent, our side of the stream ends.
    case closing
    /// Our side has ended. What the client still sends is dropped until it closes: closing over unread bytes
    /// would reset the connection, and the client could lose the response (RFC 9112 §9.6).
    case lingering
  }

  /// A request as its response, and the account of both, need it.
  struct Exchange {
    var method: String
    var target: String
    var requestID: String
    var version: HTTPVersion
    var keepsAlive: Bool
    /// Bytes of the body.
    var received = 0
    var began: Moment
    var account: (any RequestAccount)?
  }

  /// A reply that is being made by a task.
  struct Pending {
    var exchange: Exchange
    var task: Task<Void, Never>
    var presence = PresenceCheck()
  }

  let id: UInt64
  let socket: Socket
  let remoteAddress: String
  let context: ServingContext
  var parser: RequestParser
  var output = OutputQueue()
  var stage = Stage.serving
  var pending: Pending?
  var streaming: Streaming?
  /// Of the body that is being read.
  var charge: BodyCharge?
  /// Responses that are queued whole and not sent whole, in order.
  var sending: [Sending] = []
  /// The stream was read to its end.
  var inputEnded = false
  /// The kernel told that the client ended its side, perhaps behind bytes not read yet.
  private(set) var peerShut = false
  /// Nothing more can be done; the reactor drops the connection, which closes the socket.
  private(set) var isDead = false
  /// Requests answered, which tells one request's deadline from the next one's.
  var answered = 0
  var timer = ConnectionTimer()
  /// Beyond the cap on connections: told so, and never served.
  var isSurplus = false
  /// Requests wait in the parser while other connections have their turn.
  private(set) var isYielding = false
  /// What epoll was last told.
  var registered: Epoll.Readiness = []

  /// Reads in a row before other connections get their turn.
  private static let readsPerTurn = 8
  /// Answers to pipelined requests are gathered up to this many bytes before they are sent.
  private static let gathered = 64 * 1024

  init(id: UInt64, descriptor: Int32, remoteAddress: String, context: ServingContext) {
    self.id = id
    socket = Socket(owning: descriptor)
    self.remoteAddress = remoteAddress
    self.context = context
    parser = RequestParser(limits: context.configuration.limits)
  }

  /// What epoll is to watch for now.
  var interest: Epoll.Readiness {
    var interest: Epoll.Readiness = peerShut ? [] : .halfClosed
    if wantsInput { interest.insert(.readable) }
    if !output.isEmpty { interest.insert(.writable) }
    return interest
  }

  /// Nothing of a request has come and nothing is owed.
  private var isIdle: Bool {
    stage == .serving && pending == nil && streaming == nil && output.isEmpty && !isYielding
      && parser.phase == .idle
  }

  private var wantsInput: Bool {
    if inputEnded { return false }
    switch stage {
    case .serving: return pending == nil && streaming == nil && output.isEmpty && !isYielding
    case .closing: return false
    case .lingering: return true
    }
  }

  /// Acts on what epoll reported.
  func ready(_ readiness: Epoll.Readiness) {
    // A client that ends its side while we linger is done, but closing over what it sent would reset what it has
    // not read yet: that is read to its end first.
    if readiness.contains(.gone), stage != .lingering {
      hangUp()
      return
    }
    if readiness.contains(.writable) { advance() }
    receive()
    if readiness.contains(.halfClosed) { noteHalfClose() }
  }

  /// The task that made the pending reply is done.
  func finished(_ response: HTTPResponse) {
    guard let pending else {
      response.stream?.clientHungUp()
      return
    }
    self.pending = nil
    respond(response, to: pending.exchange)
    advance()
  }

  /// The others have had their turn.
  func resume() {
    guard isYielding else { return }
    isYielding = false
    advance()
  }

  /// Drops the connection, and the work done for it.
  func hangUp() {
    guard !isDead else { return }
    isDead = true
    accountForTheRest()
    pending?.task.cancel()
    pending = nil
    endStream()
  }

  /// Closes the connection of a stopping server if nothing is under way; one that has just sent a request is still
  /// served.
  func stopIfIdle() {
    receive()
    if isIdle { isDead = true }
  }

  /// The time to finish is over: a task is cancelled, and its answer awaited for a moment.
  func abandon() {
    if let pending {
      pending.task.cancel()
    } else if let streaming {
      streaming.task?.cancel()
    } else if output.isEmpty, stage == .serving {
      isDead = true
    }
  }

  /// Answers what has come, as far as it can be answered and sent.
  func advance() {
    var turn = ServingTurn()
    while !isDead {
      let needsInput = serve(upTo: Self.gathered, &turn)
      if needsInput, inputEnded { endServing() }
      guard let sent = output.flush(to: socket) else {
        hangUp()
        return
      }
      if sent > 0 { timer.progressed() }
      accountForSent()
      askForPiece()
      guard output.isEmpty, streaming == nil else { return }
      switch stage {
      case .serving:
        if needsInput || pending != nil { return }
        if turn.isOver {
          isYielding = true
          context.mailbox.post(.resume(connection: id))
          return
        }
      case .closing: endOutput()
      case .lingering: return
      }
    }
  }

  private func endOutput() {
    if inputEnded {
      isDead = true
    } else {
      socket.endOutput()
      stage = .lingering
    }
  }

  private func receive() {
    for _ in 0..<Self.readsPerTurn where wantsInput && !isDead {
      switch context.readBuffer.withUnsafeMutableBytes({ socket.receive(into: $0) }) {
      case .wouldBlock: return
      case .failed:
        hangUp()
        return
      case .bytes(let count):
        received(count)
        // A short read has emptied the socket; epoll tells when there is more, or the end.
        if count < context.readBuffer.count { return }
      }
    }
  }

  private func received(_ count: Int) {
    if count == 0 {
      inputEnded = true
      peerShut = true
    }
    if stage == .lingering {
      if inputEnded { isDead = true }
      timer.progressed()
      return
    }
    parser.append(context.readBuffer[..<count])
    advance()
    if stage == .serving, parser.phase == .body, !charge(bytes: parser.bodyCapacity) {
      refuse(Self.noRoomForBody)
      advance()
    }
  }

  /// See `HTTPServer` for what the end of a client's stream means.
  private func noteHalfClose() {
    peerShut = true
    guard let exchange = pending?.exchange ?? streaming?.exchange else { return }
    let isLate = exchange.began.duration(to: Moment.now) > context.deadlines.halfCloseWindow
    if !canCheckPresence {
      if isLate { hangUp() }
    } else if isLate {
      queuePresenceCheck()
      advance()
    } else {
      schedulePresenceCheck()
    }
  }
}

/// How much one connection has had of the serving thread in a row.
struct ServingTurn {
  private static let requests = 64
  private static let time = Duration.milliseconds(1)

  private var began: Moment?
  private var answered = 0

  /// Counts an answer that was begun at `now`.
  mutating func count(_ now: Moment) {
    began = began ?? now
    answered += 1
    isOver = answered >= Self.requests || began.map { $0.duration(to: now) > Self.time } ?? false
  }

  private(set) var isOver = false
}
