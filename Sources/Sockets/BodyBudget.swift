import Synchronization

/// How much memory the bodies of all requests may take together.
final class BodyBudget: Sendable {
  private let limit: Int
  private let used = Atomic<Int>(0)
  private let gaveBack: @Sendable (Int) -> Void

  /// - Parameters:
  ///   - limit: bytes.
  ///   - gaveBack: told, on any thread, how many bytes a body took that is gone.
  init(limit: Int, gaveBack: @escaping @Sendable (Int) -> Void) {
    self.limit = limit
    self.gaveBack = gaveBack
  }

  /// Bytes that bodies take now.
  var bytes: Int { used.load(ordering: .relaxed) }

  /// Whether `more` bytes would still fit.
  func hasRoom(for more: Int) -> Bool { more <= limit - bytes }

  fileprivate func take(_ more: Int) -> Bool {
    let now = used.wrappingAdd(more, ordering: .relaxed).newValue
    if now <= limit { return true }
    used.wrappingSubtract(more, ordering: .relaxed)
    return false
  }

  fileprivate func giveBack(_ bytes: Int) {
    used.wrappingSubtract(bytes, ordering: .relaxed)
    gaveBack(bytes)
  }
}

/// What one request's body takes of the budget, until everyone who holds the body has let go of this too.
final class BodyCharge: Sendable {
  private let budget: BodyBudget
  private let bytes = Atomic<Int>(0)

  init(_ budget: BodyBudget) { self.budget = budget }

  deinit { budget.giveBack(bytes.load(ordering: .relaxed)) }

  /// Takes as much as is missing to `size` bytes; false when that does not fit. Calls must not overlap.
  func grow(to size: Int) -> Bool {
    let more = size - bytes.load(ordering: .relaxed)
    guard more > 0 else { return true }
    guard budget.take(more) else { return false }
    bytes.store(size, ordering: .relaxed)
    return true
  }
}
