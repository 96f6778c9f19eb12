import Glibc

/// A regular file opened for reading; closed when it goes out of scope.
struct OpenFile: ~Copyable {
  let path: String
  private let descriptor: Int32

  init(_ path: String) throws(FileError) {
    // A named pipe would otherwise hold the open until somebody writes to it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path, errno: errno) }
    (self.path, self.descriptor) = (path, descriptor)
  }

  deinit {
    close(descriptor)
  }

  borrowing func identity() throws(FileError) -> FileIdentity {
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw FileError(path, errno: errno) }
    return try FileIdentity(info, path: path)
  }

  /// Reads up to `buffer.count` bytes.
  /// - Returns: how many were read; 0 at the end of the file.
  borrowing func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      guard errno == EINTR else { throw FileError(path, errno: errno) }
    }
  }
}
