/// A body that is made piece by piece, while it is sent.
///
/// The connection asks for the next piece when the client has taken nearly all of the last, so a slow client
/// slows the maker down and no more than a piece waits in memory. Two streams are equal when they are the same.
public final class HTTPBodyStream: Sendable, Equatable {
  private let make: @Sendable () async -> [UInt8]?
  private let hungUp: @Sendable () -> Void

  /// - Parameters:
  ///   - hungUp: called once when the client has gone before the end, on the serving thread, so it must not
  ///     wait. A call of `next` that is under way is cancelled too.
  ///   - next: makes the next piece; `nil` is the end, after which it is not called again. An empty piece is
  ///     passed over.
  public init(
    hungUp: @escaping @Sendable () -> Void = {}, _ next: @escaping @Sendable () async -> [UInt8]?
  ) {
    self.hungUp = hungUp
    make = next
  }

  /// The next piece, never empty; `nil` at the end. Calls must not overlap.
  public func next() async -> [UInt8]? {
    while let piece = await make() {
      if !piece.isEmpty { return piece }
      // A maker that has nothing more to say to a client that is gone may go on returning nothing.
      if Task.isCancelled { return nil }
    }
    return nil
  }

  /// Tells the maker that nobody reads on.
  public func clientHungUp() { hungUp() }

  public static func == (one: HTTPBodyStream, other: HTTPBodyStream) -> Bool { one === other }
}
