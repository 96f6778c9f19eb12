/// What a handler wants to remember of a request until it is over: made with the reply, handed back by
/// `HTTPHandler.finished`.
public protocol RequestAccount: AnyObject, Sendable {}

/// A request and its response, looked back at.
public struct HTTPExchange: Sendable {
  public enum Ending: Sendable, Equatable {
    /// The last byte of the response went out.
    case sent
    /// The client went before that.
    case hungUp
  }

  /// `-` when the request line could not be read.
  public var method: String
  /// As sent, visible ASCII only; `-` when the request line could not be read. Its query may hold secrets.
  public var target: String
  public var requestID: String
  /// The peer's address, without its port.
  public var remoteAddress: String
  /// Of the response; 499 when the client went before there was one.
  public var status: Int
  /// Of the bodies alone, without heads and framing.
  public var receivedBytes: Int
  public var sentBytes: Int
  /// From the request's last byte, or from its refusal, to the response's.
  public var duration: Duration
  public var ending: Ending
  /// The reply's; `nil` for a request that was refused before `HTTPHandler.respond`.
  public var account: (any RequestAccount)?

  public init(
    method: String, target: String, requestID: String, remoteAddress: String, status: Int,
    receivedBytes: Int = 0, sentBytes: Int = 0, duration: Duration = .zero, ending: Ending = .sent,
    account: (any RequestAccount)? = nil
  ) {
    (self.method, self.target, self.requestID) = (method, target, requestID)
    (self.remoteAddress, self.status) = (remoteAddress, status)
    (self.receivedBytes, self.sentBytes) = (receivedBytes, sentBytes)
    (self.duration, self.ending, self.account) = (duration, ending, account)
  }

  /// The target without its query, and not more than 256 bytes of it: fit for a log.
  public var path: String {
    String(decoding: target.utf8.prefix { $0 != UInt8(ascii: "?") }.prefix(256), as: UTF8.self)
  }
}
