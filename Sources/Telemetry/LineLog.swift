import Dispatch
import Glibc
import Synchronization

/// How log lines are written.
public enum LogFormat: String, Sendable, CaseIterable {
  /// Time, level, words, then `key=value`.
  case text
  /// One JSON object a line.
  case json
}

/// Lines on their way to a log, written by a queue of their own, so that a slow log never holds up who writes.
public final class LineLog: Sendable {
  public let format: LogFormat
  private let capacity: Int
  private let queue = DispatchQueue(label: "log", qos: .utility)
  private let waiting = Atomic<Int>(0)
  private let lost = Atomic<Int>(0)
  private let sink: @Sendable ([UInt8]) -> Bool

  /// Lines to a file descriptor, which stays the caller's.
  public convenience init(descriptor: Int32, format: LogFormat) {
    self.init(format: format) { Self.write($0, to: descriptor) }
  }

  /// - Parameters:
  ///   - capacity: lines that wait; when the log is stuck for longer, new ones are lost.
  ///   - sink: takes whole lines, one at a time, and may wait; `false` for one it could not write.
  public init(format: LogFormat, capacity: Int = 4096, sink: @escaping @Sendable ([UInt8]) -> Bool) {
    (self.format, self.capacity, self.sink) = (format, capacity, sink)
  }

  /// How many lines were lost so far.
  public var lostLines: Int { lost.load(ordering: .relaxed) }

  /// Never waits.
  /// - Parameter line: makes the line, without its end, where it does not hold up the caller.
  public func write(_ line: @escaping @Sendable () -> [UInt8]) {
    guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= capacity else {
      waiting.wrappingSubtract(1, ordering: .relaxed)
      lost.wrappingAdd(1, ordering: .relaxed)
      return
    }
    queue.async { [self] in
      if !sink(line() + [UInt8(ascii: "\n")]) { lost.wrappingAdd(1, ordering: .relaxed) }
      waiting.wrappingSubtract(1, ordering: .relaxed)
    }
  }

  /// Passes on a line that another program wrote: as it is, or in JSON as the event of an object. Never waits.
  public func relay(_ line: [UInt8]) {
    let time = LogTime()
    write { [format] in
      switch format {
      case .text: line
      case .json:
        LogLine(time: time, level: "info", event: String(decoding: line, as: UTF8.self)).bytes(.json)
      }
    }
  }

  /// Waits until all lines so far are written, but no longer than that.
  public func flush(within limit: Duration = .seconds(1)) {
    let done = DispatchSemaphore(value: 0)
    queue.async { done.signal() }
    _ = done.wait(timeout: .now() + limit / .seconds(1))
  }

  private static func write(_ line: [UInt8], to descriptor: Int32) -> Bool {
    var rest = line[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        // Whoever lent the descriptor has made it non-blocking.
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&entry, 1, -1)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }
}
