/// Events of a `text/event-stream` (WHATWG HTML §9.2).
public enum ServerSentEvent {
  /// A line that clients pass over: it keeps connections open.
  public static let comment = [UInt8](":\n\n".utf8)

  /// One event.
  /// - Parameters:
  ///   - name: holds no line break.
  ///   - data: holds no line break, as compact JSON does not.
  public static func bytes(_ name: String, data: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(data.count + name.utf8.count + 16)
    bytes.append(contentsOf: "event: \(name)\ndata: ".utf8)
    bytes.append(contentsOf: data)
    bytes.append(contentsOf: "\n\n".utf8)
    return bytes
  }
}
