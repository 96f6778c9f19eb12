import Glibc

/// A regular file, open for reading and closed with the last reference.
final class FileHandle: Sendable {
  /// What tells that it is still the same content.
  struct Identity: Equatable {
    let device: UInt64
    let inode: UInt64
    let size: Int
    let modifiedSeconds: Int
    let modifiedNanoseconds: Int
  }

  typealias Failure = FullRead.Failure

  /// As it was when the file was opened.
  let identity: Identity

  private let descriptor: Descriptor

  init(path: String) throws(Failure) {
    // C would end the path at the zero byte and open another file.
    guard !path.utf8.contains(0) else { throw Failure(.cannotOpen(errno: EINVAL)) }
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard number >= 0 else { throw Failure(.cannotOpen(errno: errno)) }
    let descriptor = Descriptor(number: number)
    identity = try descriptor.identity()
    self.descriptor = descriptor
  }

  /// Fills the buffer with what stands at `offset`, and only returns when the file was not changed meanwhile.
  func fill(_ buffer: UnsafeMutableRawBufferPointer, from offset: Int) throws(Failure) {
    try FullRead.fill(buffer, from: offset) { part, place in
      let count = pread(descriptor.number, part.baseAddress, part.count, off_t(place))
      return count < 0 ? .failed(errno: errno) : .read(bytes: count)
    }
    guard try descriptor.identity() == identity else { throw Failure(.changedSinceOpening) }
  }

  /// Closes the descriptor, also when the rest of an initialiser throws.
  private final class Descriptor: Sendable {
    let number: Int32

    init(number: Int32) { self.number = number }

    deinit { close(number) }

    func identity() throws(Failure) -> Identity {
      var status = stat()
      guard fstat(number, &status) == 0 else { throw Failure(.readFailed(errno: errno)) }
      guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(.notRegularFile) }
      return Identity(
        device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int(status.st_size),
        modifiedSeconds: Int(status.st_mtim.tv_sec), modifiedNanoseconds: Int(status.st_mtim.tv_nsec))
    }
  }
}
