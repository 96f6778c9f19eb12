/// Why the conversation between server and engine cannot go on.
public enum WireError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A header of this many bytes is above `Frame.maxHeaderBytes`.
  case headerTooLong(Int)
  /// An attachment of this many bytes is above `Frame.maxAttachmentBytes`.
  case attachmentTooLong(Int)
  /// The header is not JSON, or not the message named here.
  case badHeader(expected: String)
  /// A message that does not fit the state of the conversation.
  case unexpected(String)
  /// The two executables are of different builds.
  case version(theirs: Int, ours: Int)
  /// The other side closed its end.
  case closed
  /// The other side has not read for so long that a frame could not be sent whole.
  case stalled
  /// A system call failed.
  case system(call: String, code: Int32)

  public var description: String {
    switch self {
    case .headerTooLong(let count):
      "a frame announced a header of \(count) bytes; the limit is \(Frame.maxHeaderBytes)"
    case .attachmentTooLong(let count):
      "a frame announced an attachment of \(count) bytes; the limit is \(Frame.maxAttachmentBytes)"
    case .badHeader(let expected): "a frame's header is not a valid \(expected)"
    case .unexpected(let what): what
    case .version(let theirs, let ours):
      "the engine speaks version \(theirs) of the protocol and the server version \(ours); "
        + "install the two executables of one build"
    case .closed: "the other side closed the connection"
    case .stalled: "the other side stopped reading"
    case .system(let call, let code): "\(call): \(systemMessage(code))"
    }
  }
}
