import Dispatch

/// Holds a thread until it is opened.
final class ThreadGate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  private let (begun, begin) = AsyncStream.makeStream(of: Void.self)

  func hold() {
    begin.yield()
    semaphore.wait()
  }

  /// Waits until it holds one.
  func isHolding() async { for await _ in begun { break } }

  func open() { semaphore.signal() }
}
