import HTTP
import Logging

extension Connection {
  /// Answers requests until bytes run out, a reply has to be waited for, or `limit` bytes wait to be sent.
  /// - Returns: whether more bytes are needed.
  func serve(upTo limit: Int) -> Bool {
    while stage == .serving, pending == nil, output.count < limit {
      do {
        guard let event = try parser.next() else { return true }
        switch event {
        case .head: break
        case .continueWanted: output.append(ResponseWriter.continueBytes)
        case .request(let request): answer(request)
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
    var request = request
    request.remoteAddress = remoteAddress
    request.requestID = RequestID.of(request.headers)
    let exchange = Exchange(
      method: request.method, target: request.target, requestID: request.requestID, version: request.version,
      keepsAlive: request.keepsAlive, began: context.clock.now)
    switch context.handler.respond(to: request) {
    case .now(let response): respond(response, to: exchange)
    case .later(let work):
      let task = Task { [id, mailbox = context.mailbox] in
        let response = await work()
        mailbox.post(.finished(connection: id, response))
      }
      pending = Pending(exchange: exchange, task: task)
      // The end of the stream may have come while an earlier, pipelined request was being answered.
      queuePresenceCheck()
    }
  }

  /// Queues a response; the connection closes after it unless both sides want to go on.
  func respond(_ response: HTTPResponse, to exchange: Exchange) {
    let keeps =
      exchange.keepsAlive && !context.isStopping && !response.headers.lists("close", in: "connection")
    let connection: ResponseWriter.Context.Connection =
      !keeps ? .close : exchange.version == .http10 ? .keepHTTP10 : .keep
    var writing = ResponseWriter.Context(
      connection: connection, date: context.date(), requestID: exchange.requestID)
    var response = response
    do {
      output.append(try ResponseWriter.head(of: response, writing))
    } catch {
      context.log.write(.error, "response refused: \(error.detail)", ["request-id": "\(exchange.requestID)"])
      writing.connection = .close
      response = HTTPResponse(status: error.status)
      output.append(bareHead(writing))
      stage = .closing
    }
    if !keeps { stage = .closing }
    let hasBody = exchange.method != "HEAD" && ResponseWriter.carriesBody(response.status)
    if hasBody { output.append(response.body) }
    answered += 1
    logAccess(exchange, status: response.status, bytes: hasBody ? response.body.count : 0)
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

  /// Queues the handler's words for an error, as the last response.
  func refuse(_ error: HTTPError) {
    let partial = parser.partial
    let exchange = Exchange(
      method: partial?.method ?? "-", target: partial?.target ?? "-",
      requestID: RequestID.of(partial?.headers ?? HTTPHeaders()), version: .http11, keepsAlive: false,
      began: context.clock.now)
    var response = context.handler.refusal(of: error)
    if error.status == 503, response.headers["retry-after"] == nil {
      response.headers.set("Retry-After", "1")
    }
    respond(response, to: exchange)
  }

  /// One line an answer: method, path, status, bytes of the body, milliseconds.
  ///
  /// The path is the target as sent, which the parser has limited to visible ASCII, without its query, which
  /// may hold secrets.
  func logAccess(_ exchange: Exchange, status: Int, bytes: Int) {
    let took = exchange.began.duration(to: context.clock.now)
    let path = exchange.target.prefix { $0 != "?" }.prefix(256)
    context.log.write(
      .info, "\(exchange.method) \(path) \(status) \(bytes) B \(Self.milliseconds(took)) ms",
      ["request-id": "\(exchange.requestID)", "remote": "\(remoteAddress)"])
  }

  /// With one decimal.
  private static func milliseconds(_ duration: Duration) -> String {
    let tenths = Int(duration / .microseconds(100))
    return "\(tenths / 10).\(tenths % 10)"
  }
}
