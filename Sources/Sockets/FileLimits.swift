import Glibc

/// How many descriptors the process may open (getrlimit(2), RLIMIT_NOFILE).
public enum FileLimits {
  /// Raises the soft limit as far as `wanted` and the hard limit allow; a higher one stays.
  /// - Parameter wanted: enough for the connections of `ServerConfiguration` as it comes, and for much else.
  /// - Returns: the soft limit now in force.
  @discardableResult
  public static func raise(to wanted: Int = 8192) -> Int {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return current }
    let target = min(rlim_t(max(0, wanted)), limit.rlim_max)
    if limit.rlim_cur < target {
      limit.rlim_cur = target
      // A failure leaves the limit as it was, which is what is then returned.
      _ = setrlimit(resource, &limit)
    }
    return current
  }

  /// The soft limit in force.
  static var current: Int {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    return Int(clamping: limit.rlim_cur)
  }

  private static var resource: __rlimit_resource_t { __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)) }
}
