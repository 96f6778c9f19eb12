import Glibc

/// Reads files that must not be large.
public enum SmallFile {
  public struct Failure: Error {
    /// In words, without the path.
    public let reason: String
  }

  /// The whole content of a regular file of at most `limit` bytes.
  /// - Throws: `Failure` when it is not a regular file, is longer, or cannot be read.
  public static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    // A named pipe would otherwise hold the open until somebody writes to it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .fromErrno }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw .fromErrno }
    guard info.st_mode & S_IFMT == S_IFREG else { throw Failure(reason: "is not a regular file") }
    // One byte more than allowed, so that a file that is too long shows whatever its size was said to be.
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
      }
      if count == 0 { break }
      if count > 0 { filled += count } else if errno != EINTR { throw .fromErrno }
    }
    guard filled <= limit else { throw Failure(reason: "is longer than \(limit) bytes") }
    return Array(bytes.prefix(filled))
  }
}

extension SmallFile.Failure {
  fileprivate static var fromErrno: Self {
    Self(reason: "cannot be read: \(String(cString: strerror(errno)))")
  }
}
