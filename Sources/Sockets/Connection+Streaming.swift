import HTTP

extension Connection {
  /// A response whose head is queued and whose body is being made.
  struct Streaming {
    let exchange: Exchange
    let status: Int
    let stream: HTTPBodyStream
    let isChunked: Bool
    /// Bytes of the body queued so far.
    var body = 0
    /// Makes the next piece.
    var task: Task<Void, Never>?
  }

  /// While more than this waits to be sent, no piece is asked for.
  private static let enough = 64 * 1024

  /// Has the next piece made, unless one is under way or the client is behind.
  func askForPiece() {
    guard let streaming, streaming.task == nil, output.count < Self.enough else { return }
    self.streaming?.task = Task { [id, mailbox = context.mailbox, stream = streaming.stream] in
      mailbox.post(.piece(connection: id, await stream.next()))
    }
  }

  /// The next piece of the stream is there; `nil` is its end.
  func made(_ piece: [UInt8]?) {
    guard streaming != nil else { return }
    streaming?.task = nil
    if let piece { queue(piece: piece) } else { finishStream() }
    advance()
  }

  func queue(piece: [UInt8]) {
    guard let streaming, !piece.isEmpty else { return }
    self.streaming?.body += piece.count
    output.append(streaming.isChunked ? ChunkedEncoder.chunk(piece) : piece)
  }

  private func finishStream() {
    guard let streaming else { return }
    self.streaming = nil
    // Whether the server stops was not known when the head was made.
    if context.isStopping { stage = .closing }
    if streaming.isChunked { output.append(ChunkedEncoder.end) }
    sending.append(
      Sending(
        exchange: streaming.exchange, status: streaming.status, body: streaming.body, end: output.total))
  }

  /// The client is gone: nobody wants the rest.
  func endStream() {
    streaming?.task?.cancel()
    streaming?.stream.clientHungUp()
    streaming = nil
  }
}
