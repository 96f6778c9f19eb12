import Dispatch
import Foundation
import Synchronization

/// SIGTERM and SIGINT as something to wait for. The second one ends the process at once.
final class StopSignal {
  private let stream: AsyncStream<Void>
  private let sources: [any DispatchSourceSignal]

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    self.stream = stream
    let seen = Counter()
    sources = Self.install([SIGTERM, SIGINT]) {
      if seen.next() > 1 { _exit(1) }
      continuation.yield()
    }
  }

  func wait() async {
    for await _ in stream { return }
  }

  private static func install(
    _ signals: [Int32], _ handler: @escaping @Sendable () -> Void
  ) -> [any DispatchSourceSignal] {
    signals.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler(handler: handler)
      source.resume()
      return source
    }
  }
}

private final class Counter: Sendable {
  private let value = Atomic<Int>(0)

  func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }
}
