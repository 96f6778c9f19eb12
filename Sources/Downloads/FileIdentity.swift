import Glibc

/// What tells a file's content apart from another's without reading it.
public struct FileIdentity: Sendable, Hashable {
  public let device: UInt64
  public let inode: UInt64
  /// Bytes.
  public let size: Int64
  /// Last modification, nanoseconds since 1970.
  public let modified: Int64

  public init(device: UInt64, inode: UInt64, size: Int64, modified: Int64) {
    (self.device, self.inode, self.size, self.modified) = (device, inode, size, modified)
  }

  /// The identity of the file at `path`, symbolic links followed.
  /// - Throws: `FileError` when there is none, it cannot be reached, or it is not a regular file.
  public init(path: String) throws(FileError) {
    var info = stat()
    guard stat(path, &info) == 0 else { throw FileError(path, errno: errno) }
    try self.init(info, path: path)
  }

  init(_ info: stat, path: String) throws(FileError) {
    guard info.st_mode & S_IFMT == S_IFREG else { throw FileError(path, "not a regular file") }
    let (whole, overflow) = Int64(info.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    let (time, carry) = whole.addingReportingOverflow(Int64(info.st_mtim.tv_nsec))
    guard !overflow, !carry else { throw FileError(path, "modification time out of range") }
    self.init(
      device: UInt64(info.st_dev), inode: UInt64(info.st_ino), size: Int64(info.st_size), modified: time)
  }
}
