import HTTP

extension Connection {
  /// A response that is queued whole.
  struct Sending {
    let exchange: Exchange
    let status: Int
    /// Bytes of the body.
    let body: Int
    /// The value of `output.total` after its last byte.
    let end: Int
  }

  /// Tells the handler of the responses whose last byte has gone out.
  func accountForSent() {
    let sent = output.total - output.count
    while let first = sending.first, first.end <= sent {
      sending.removeFirst()
      account(for: first.exchange, first.status, sentBytes: first.body, .sent)
    }
  }

  /// Tells the handler of what the client did not wait for.
  func accountForTheRest() {
    accountForSent()
    let sent = output.total - output.count
    for response in sending {
      // Nothing follows a body in its response, so what of it was not sent is what is missing to its end.
      let missing = min(response.body, response.end - sent)
      account(for: response.exchange, response.status, sentBytes: response.body - missing, .hungUp)
    }
    sending = []
    if let pending { account(for: pending.exchange, 499, sentBytes: 0, .hungUp) }
    if stage == .serving, let partial = parser.partial { accountFor(partial) }
    if let streaming {
      let sent = max(0, streaming.body - output.count)
      account(for: streaming.exchange, streaming.status, sentBytes: sent, .hungUp)
    }
  }

  /// Of a request that broke off.
  private func accountFor(_ partial: HTTPRequest) {
    let exchange = Exchange(
      method: partial.method, target: partial.target,
      requestID: RequestID.of(partial.headers, else: &context.requestIDs), version: .http11,
      keepsAlive: false,
      received: partial.body.count, began: Moment.now)
    account(for: exchange, 499, sentBytes: 0, .hungUp)
  }

  private func account(for exchange: Exchange, _ status: Int, sentBytes: Int, _ ending: HTTPExchange.Ending) {
    context.handler.finished(
      HTTPExchange(
        method: exchange.method, target: exchange.target, requestID: exchange.requestID,
        remoteAddress: remoteAddress, status: status, receivedBytes: exchange.received, sentBytes: sentBytes,
        duration: exchange.began.duration(to: Moment.now), ending: ending, account: exchange.account))
  }
}
