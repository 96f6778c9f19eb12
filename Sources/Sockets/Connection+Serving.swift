import HTTP
import Logging

extension Connection {
  /// A body of up to so many bytes is read before it is refused, which keeps the connection.
  private static let shortBody = 16 * 1024

  /// Answers requests until bytes run out, a reply has to be waited for, `limit` bytes wait to be sent, or the turn
  /// is over.
  /// - Returns: whether more bytes are needed.
  func serve(upTo limit: Int, _ turn: inout ServingTurn) -> Bool {
    while stage == .serving, pending == nil, streaming == nil, output.count < limit, !turn.isOver {
      do {
        guard let event = try parser.next() else { return true }
        switch event {
        case .head: if parser.awaitsBody(over: Self.shortBody) { offerHead() }
        case .continueWanted: output.append(ResponseWriter.continueBytes)
        case .request(let request):
          answer(request)
          turn.count(Moment.now)
        }
      } catch {
        refuse(error)
      }
    }
    return false
  }

  /// The client will send nothing more, and all it sent has been answered.
  func endServing() {
    do {
      try parser.finish()
      stage = .closing
    } catch {
      refuse(error)
    }
  }

  private func answer(_ request: HTTPRequest) {
    guard charge(bytes: request.body.capacity) else {
      refuse(Self.noRoomForBody, request)
      return
    }
    let charge = self.charge
    self.charge = nil
    let request = named(request)
    var exchange = Exchange(
      method: request.method, target: request.target, requestID: request.requestID, version: request.version,
      keepsAlive: request.keepsAlive, received: request.body.count, began: Moment.now)
    switch context.handler.respond(to: request) {
    case .now(let response, let account):
      exchange.account = account
      respond(response, to: exchange)
    case .later(let account, let work):
      exchange.account = account
      let task = Task { [id, mailbox = context.mailbox] in
        let response = await work()
        if !mailbox.post(.finished(connection: id, response)) { response.stream?.clientHungUp() }
        // The work holds the body even when its client is long gone.
        withExtendedLifetime(charge) {}
      }
      pending = Pending(exchange: exchange, task: task)
      // The end of the stream may have come while an earlier, pipelined request was being answered.
      if peerShut { schedulePresenceCheck() }
    }
  }

  /// Shows the handler a head whose body is to come, which it may refuse.
  private func offerHead() {
    guard let partial = parser.partial else { return }
    let head = named(partial)
    guard let response = context.handler.refusal(ofHead: head) else {
      let length = parser.declaredLength ?? 0
      if !context.bodies.hasRoom(for: length) { refuse(Self.noRoomForBody) }
      return
    }
    let exchange = Exchange(
      method: head.method, target: head.target, requestID: head.requestID, version: head.version,
      keepsAlive: false, began: Moment.now)
    forgetInput()
    respond(response, to: exchange)
  }

  /// Lets go of what was read and will not be answered: the connection may linger for a while.
  private func forgetInput() {
    parser = RequestParser(limits: context.configuration.limits)
    charge = nil
  }

  /// A request as the handler sees it: with the names of the client and the request itself.
  private func named(_ request: HTTPRequest) -> HTTPRequest {
    var request = request
    request.remoteAddress = remoteAddress
    request.requestID = RequestID.of(request.headers, else: &context.requestIDs)
    return request
  }

  /// Queues a response; the connection closes after it unless both sides want to go on.
  func respond(_ response: HTTPResponse, to exchange: Exchange) {
    let keeps =
      exchange.keepsAlive && !context.isStopping && !response.headers.lists("close", in: "connection")
      && (response.stream == nil || exchange.version == .http11)
    let connection: ResponseWriter.Context.Connection =
      !keeps ? .close : exchange.version == .http10 ? .keepHTTP10 : .keep
    var writing = ResponseWriter.Context(
      connection: connection, date: context.date(), requestID: exchange.requestID, version: exchange.version)
    var response = response
    do {
      output.append(try ResponseWriter.head(of: response, writing))
    } catch {
      context.log.write(.error, "response refused: \(error.detail)", ["request-id": "\(exchange.requestID)"])
      response.stream?.clientHungUp()
      writing.connection = .close
      response = HTTPResponse(status: error.status)
      output.append(bareHead(writing))
      stage = .closing
    }
    if !keeps { stage = .closing }
    answered += 1
    let hasBody = exchange.method != "HEAD" && ResponseWriter.carriesBody(response.status)
    if hasBody, let stream = response.stream {
      streaming = Streaming(
        exchange: exchange, status: response.status, stream: stream, isChunked: exchange.version == .http11)
      queue(piece: response.body)
      return
    }
    response.stream?.clientHungUp()
    if hasBody { output.append(response.body) }
    sending.append(
      Sending(
        exchange: exchange, status: response.status, body: hasBody ? response.body.count : 0,
        end: output.total))
  }

  /// Written by hand, since it stands in for a head that could not be made.
  private func bareHead(_ writing: ResponseWriter.Context) -> [UInt8] {
    [UInt8](
      """
      HTTP/1.1 500 Internal Server Error\r
      Content-Length: 0\r
      Connection: close\r
      Date: \(writing.date)\r
      Server: darkroom\r
      X-Content-Type-Options: nosniff\r
      X-Request-Id: \(writing.requestID)\r
      \r

      """.utf8)
  }

  static let noRoomForBody = HTTPError(
    status: 503, detail: "The server holds as many request bodies as it can; try again shortly.",
    code: "too_many_bodies")

  /// Takes what a body needs of the budget; false when that does not fit.
  func charge(bytes: Int) -> Bool {
    guard bytes > Self.shortBody else { return true }
    let charge = self.charge ?? BodyCharge(context.bodies)
    self.charge = charge
    return charge.grow(to: bytes)
  }

  /// Queues the handler's words for an error, as the last response.
  func refuse(_ error: HTTPError) { refuse(error, parser.partial) }

  private func refuse(_ error: HTTPError, _ partial: HTTPRequest?) {
    let exchange = Exchange(
      method: partial?.method ?? "-", target: partial?.target ?? "-",
      requestID: RequestID.of(partial?.headers ?? HTTPHeaders(), else: &context.requestIDs), version: .http11,
      keepsAlive: false,
      received: partial?.body.count ?? 0, began: Moment.now)
    forgetInput()
    var response = context.handler.refusal(of: error, partial)
    if error.status == 503, response.headers["retry-after"] == nil {
      response.headers.set("Retry-After", "1")
    }
    respond(response, to: exchange)
  }
}
