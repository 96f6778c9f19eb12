import Dispatch
import Foundation
import Synchronization

/// SIGTERM and SIGINT as something to wait for. The second one ends the process at once.
final class StopSignal: Sendable {
  private let stream: AsyncStream<Void>
  private let sources: [any DispatchSourceSignal]

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    self.stream = stream
    let seen = Atomic<Int>(0)
    sources = Self.install([SIGTERM, SIGINT]) {
      if seen.wrappingAdd(1, ordering: .relaxed).newValue > 1 { _exit(1) }
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
