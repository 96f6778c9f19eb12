import Glibc

/// A system call that failed, with its `errno`.
public struct SocketError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was tried, such as `bind 127.0.0.1 port 80`.
  public let operation: String
  /// The value of `errno` right after the call.
  public let code: Int32

  init(_ operation: String, code: Int32) {
    self.operation = operation
    self.code = code
  }

  public var description: String {
    "\(operation): \(String(cString: strerror(code)))"
  }
}
