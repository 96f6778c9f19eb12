import CEpoll
import Glibc
import HTTP
import Logging
import Synchronization

/// Carries messages from any thread to the serving thread, and wakes it.
final class Mailbox: Sendable {
  enum Message: Sendable {
    case start
    /// The task that answered for a connection is done.
    case finished(connection: UInt64, HTTPResponse)
    /// A connection left its turn to others, with requests still to answer.
    case resume(connection: UInt64)
    /// The next piece of a connection's stream; `nil` is its end.
    case piece(connection: UInt64, [UInt8]?)
    /// A body that took so many bytes of the budget is gone.
    case bodyGone(bytes: Int)
    case stop(drain: Duration, done: CheckedContinuation<Void, Never>?)
  }

  private struct State {
    var messages: [Message] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  /// An eventfd; readable while there are messages.
  let descriptor: Int32

  /// - Throws: `SocketError` when there is no descriptor left.
  init() throws(SocketError) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard descriptor >= 0 else { throw SocketError("eventfd", code: errno) }
  }

  deinit { _ = close(descriptor) }

  /// Leaves a message; false when the serving thread has ended and will not read it.
  @discardableResult
  func post(_ message: Message) -> Bool {
    let (taken, isFirst) = state.withLock { state in
      guard !state.isClosed else { return (false, false) }
      state.messages.append(message)
      return (true, state.messages.count == 1)
    }
    // It can only fail when the counter is full, and then it is readable already.
    if isFirst { _ = eventfd_write(descriptor, 1) }
    return taken
  }

  /// Takes all messages.
  func take() -> [Message] {
    var count: eventfd_t = 0
    _ = eventfd_read(descriptor, &count)
    return state.withLock { state in
      defer { state.messages = [] }
      return state.messages
    }
  }

  /// Takes the last messages and refuses further ones.
  func close() -> [Message] {
    state.withLock { state in
      defer { state = State(messages: [], isClosed: true) }
      return state.messages
    }
  }

  private func close(_ descriptor: Int32) -> Int32 { Glibc.close(descriptor) }
}
