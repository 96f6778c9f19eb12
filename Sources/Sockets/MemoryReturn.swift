import CEpoll

/// Gives memory back to the system after a burst. Confined to the serving thread.
///
/// glibc keeps what is freed between other blocks, so that a burst of connections or bodies would stay with the
/// process for good. Looking for it takes up to some milliseconds, so that is done once after a burst, not more
/// than once a second.
struct MemoryReturn {
  /// When it is to be done next.
  private(set) var due: Moment?
  /// The most connections since it was done last.
  private var peak = 0
  /// Bytes of bodies gone since then.
  private var bodies = 0

  private static let pause = Duration.seconds(1)
  private static let manyConnections = 256
  private static let manyBytes = 4 << 20

  /// Has large blocks mapped, each by itself: they go back when they are freed. Without this, glibc raises the
  /// size from which it does so to that of the largest block freed so far, up to 32 MiB (mallopt(3)).
  static func prepare() {
    // Neither can fail for these values.
    _ = mallopt(M_MMAP_THRESHOLD, 256 << 10)
    _ = mallopt(M_TRIM_THRESHOLD, 1 << 20)
  }

  mutating func bodyGone(bytes: Int, now: Moment) {
    bodies += bytes
    if bodies >= Self.manyBytes { plan(now) }
  }

  mutating func connections(_ open: Int, now: Moment) {
    peak = max(peak, open)
    if peak > Self.manyConnections, open < peak / 2 { plan(now) }
  }

  mutating func giveBack(open: Int) {
    _ = malloc_trim(0)
    self = MemoryReturn()
    peak = open
  }

  private mutating func plan(_ now: Moment) {
    if due == nil { due = now + Self.pause }
  }
}
