import Glibc

/// Reads until a buffer is full, whatever pieces the system hands out.
package enum FullRead {
  /// What one call of `pread` came to.
  package enum Step {
    /// 0 is the end of the file.
    case read(bytes: Int)
    case failed(errno: Int32)
  }

  /// What made a file unusable, before anyone knows whose data was being read.
  package struct Failure: Error, Equatable {
    package let kind: SafetensorsError.Kind
    init(_ kind: SafetensorsError.Kind) { self.kind = kind }
  }

  /// - Parameter pread: reads at most as much as its buffer holds from a place in the file.
  package static func fill(
    _ buffer: UnsafeMutableRawBufferPointer, from offset: Int,
    pread: (UnsafeMutableRawBufferPointer, Int) -> Step
  ) throws(Failure) {
    var done = 0
    while done < buffer.count {
      switch pread(UnsafeMutableRawBufferPointer(rebasing: buffer[done...]), offset + done) {
      case .read(bytes: 0):
        // The size at opening covered this place, so the file was cut short since.
        throw Failure(.changedSinceOpening)
      case .read(let bytes): done += bytes
      case .failed(errno: EINTR): continue
      case .failed(let errno): throw Failure(.readFailed(errno: errno))
      }
    }
  }
}
