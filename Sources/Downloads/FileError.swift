import Glibc

/// Why a file could not be read or written.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  public let path: String
  /// What went wrong, in words.
  public let reason: String

  init(_ path: String, _ reason: String) {
    (self.path, self.reason) = (path, reason)
  }

  /// The error that `errno` tells of.
  init(_ path: String, errno code: Int32) {
    self.init(path, String(cString: strerror(code)))
  }

  public var description: String { "\(path): \(reason)" }
}
