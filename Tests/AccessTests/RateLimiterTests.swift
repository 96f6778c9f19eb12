import Synchronization
import Testing

@testable import Access

@Suite struct RateLimiterTests {
  /// A clock that goes only when told to.
  private final class Clock: Sendable {
    private let time = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLock { $0 } }
    func pass(_ duration: Duration) { time.withLock { $0 += duration } }
  }

  private let clock = Clock()

  private func limiter(_ perMinute: Int, capacity: Int = 100) -> RateLimiter {
    RateLimiter(perMinute: perMinute, capacity: capacity) { [clock] in clock.now }
  }

  @Test func aMinutesShareAtOnceThenOneEachInterval() {
    let limiter = limiter(6)
    for _ in 0..<6 { #expect(limiter.admit("a") == nil) }
    #expect(limiter.admit("a") == .seconds(10))
    #expect(limiter.admit("b") == nil)
    clock.pass(.seconds(4))
    #expect(limiter.admit("a") == .seconds(6))
    clock.pass(.seconds(6))
    #expect(limiter.admit("a") == nil)
    #expect(limiter.admit("a") == .seconds(10))
    clock.pass(.seconds(3600))
    for _ in 0..<6 { #expect(limiter.admit("a") == nil) }
    #expect(limiter.admit("a") == .seconds(10))
  }

  /// Refusals cost nothing: who asks too often is not kept out for longer.
  @Test func noMoreThanTheRateOverTime() {
    let limiter = limiter(60)
    var admitted = 0
    for _ in 0..<6000 {
      if limiter.admit("a") == nil { admitted += 1 }
      clock.pass(.milliseconds(100))
    }
    // Ten minutes and the first minute's share.
    #expect((659...660).contains(admitted), "\(admitted)")
  }

  @Test func oneAMinute() {
    let limiter = limiter(1)
    #expect(limiter.admit("a") == nil)
    #expect(limiter.admit("a") == .seconds(60))
  }

  @Test func memoryIsBounded() {
    let limiter = limiter(1, capacity: 3)
    for client in ["a", "b", "c", "d"] { #expect(limiter.admit(client) == nil) }
    // There is no room: newcomers share what the first of them has used.
    #expect(limiter.admit("e") == .seconds(60))
    #expect(limiter.admit("f") == .seconds(60))
    // Those that were known are still themselves.
    #expect(limiter.admit("a") == .seconds(60))
    clock.pass(.seconds(61))
    for client in ["e", "f"] { #expect(limiter.admit(client) == nil) }
  }
}
