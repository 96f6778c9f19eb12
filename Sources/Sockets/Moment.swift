import Glibc

/// A point in time of the clock that goes on while the machine sleeps (clock_gettime(2), CLOCK_BOOTTIME).
///
/// `ContinuousClock.Instant` is the same, but its layout is known at run time only, which would make every access
/// to a connection go through its metadata.
struct Moment: Comparable {
  private let nanoseconds: Int64

  static var now: Moment {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  static func < (one: Moment, other: Moment) -> Bool { one.nanoseconds < other.nanoseconds }

  /// A duration of centuries leads to the last moment there is.
  static func + (moment: Moment, duration: Duration) -> Moment {
    let (seconds, attoseconds) = duration.components
    let (whole, isFar) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isBeyond) = moment.nanoseconds.addingReportingOverflow(whole)
    let (all, isOver) = sum.addingReportingOverflow(attoseconds / 1_000_000_000)
    return isFar || isBeyond || isOver ? Moment(nanoseconds: .max) : Moment(nanoseconds: all)
  }

  func duration(to later: Moment) -> Duration { .nanoseconds(later.nanoseconds - nanoseconds) }

  /// Rounded up, so that the time has come after a wait for so long.
  func milliseconds(to later: Moment) -> Int64 { (later.nanoseconds - nanoseconds + 999_999) / 1_000_000 }
}
