import Dispatch
import Foundation
import Synchronization

/// What the process is told by signals, as something to wait for.
final class ProcessSignals {
  enum Order: Sendable {
    /// SIGTERM or SIGINT. The second one ends the process at once.
    case stop
    /// SIGHUP.
    case reload
  }

  /// In the order they came; repeated ones that are not waited for count once.
  let orders: AsyncStream<Order>
  private let sources: [any DispatchSourceSignal]

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Order.self)
    orders = stream
    let stops = Count()
    let hasTerminal = isatty(STDIN_FILENO) == 1
    sources = [
      Self.watch(SIGTERM) { Self.stop(stops, continuation) },
      Self.watch(SIGINT) { Self.stop(stops, continuation) },
      Self.watch(SIGHUP) {
        // The same signal tells that the terminal was closed; then nobody could stop the server any more.
        if hasTerminal, Self.isTerminalGone { return Self.stop(stops, continuation) }
        continuation.yield(.reload)
      },
    ]
  }

  private static func stop(_ stops: Count, _ orders: AsyncStream<Order>.Continuation) {
    if stops.next() > 1 { _exit(1) }
    orders.yield(.stop)
  }

  private static var isTerminalGone: Bool {
    var entry = pollfd(fd: STDIN_FILENO, events: 0, revents: 0)
    return poll(&entry, 1, 0) > 0 && entry.revents & Int16(POLLHUP) != 0
  }

  private static func watch(
    _ number: Int32, _ handler: @escaping @Sendable () -> Void
  ) -> any DispatchSourceSignal {
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler(handler: handler)
    source.resume()
    return source
  }
}

private final class Count: Sendable {
  private let value = Atomic<Int>(0)

  func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }
}
