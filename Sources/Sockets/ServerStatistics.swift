import Synchronization

/// What a server has to do with at one moment; see `HTTPServer.statistics`.
public struct ServerStatistics: Sendable, Equatable {
  /// Connections that are open, those being refused or closed among them.
  public var open: Int
  /// Connections accepted so far, those refused among them.
  public var accepted: Int
  /// Connections told 503 so far, because too many were open.
  public var refused: Int
  /// Bytes of memory that bodies of requests take, but for those below 16 KiB.
  public var bodyBytes: Int
}

/// Counts connections. The serving thread writes, anyone reads.
final class ConnectionCounters: Sendable {
  private let accepted = Atomic<Int>(0)
  private let closed = Atomic<Int>(0)
  private let refused = Atomic<Int>(0)

  func countAccepted() { accepted.wrappingAdd(1, ordering: .relaxed) }
  func countClosed() { closed.wrappingAdd(1, ordering: .relaxed) }
  func countRefused() { refused.wrappingAdd(1, ordering: .relaxed) }

  func statistics(bodyBytes: Int) -> ServerStatistics {
    // Those closed are read first, so that there are never fewer accepted.
    let closed = closed.load(ordering: .acquiring)
    let accepted = accepted.load(ordering: .acquiring)
    return ServerStatistics(
      open: accepted - closed, accepted: accepted, refused: refused.load(ordering: .relaxed),
      bodyBytes: bodyBytes)
  }
}
