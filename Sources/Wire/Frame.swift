import Foundation
import Images

/// One message: a JSON header, and raw bytes beside it that JSON would only slow down.
///
/// On the wire: header length and attachment length, each a little-endian 32-bit number, then the
/// header, then the attachment.
package struct Frame: Sendable, Equatable {
  /// Two prompts of 10,000 characters take at most 240 kB of JSON.
  package static let maxHeaderBytes = 1 << 20
  /// A picture of 2048 × 2048 takes 12 MiB; a request may have one to start from, a mask, several controls and
  /// masks of references.
  package static let maxAttachmentBytes = 256 << 20
  /// The two lengths.
  static let prefixBytes = 8

  package let header: [UInt8]
  package let attachment: [UInt8]

  /// - Throws: `WireError.headerTooLong` or `.attachmentTooLong` above the limits.
  package init(header: [UInt8], attachment: [UInt8] = []) throws(WireError) {
    try Frame.check(header: header.count, attachment: attachment.count)
    (self.header, self.attachment) = (header, attachment)
  }

  /// - Parameter attachment: of a message without pictures; those of one with pictures are its attachment.
  /// - Throws: `WireError.badHeader` when JSON cannot hold the message, for example a number that is
  ///   not finite; otherwise as `init(header:attachment:)`.
  package init<Message: Encodable>(_ message: Message, attachment: [UInt8] = []) throws(WireError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let pixels = PixelBytes()
    if let key = PixelBytes.key { encoder.userInfo[key] = pixels }
    let header: [UInt8]
    do {
      header = Array(try encoder.encode(message))
    } catch {
      throw .badHeader(expected: "\(Message.self)")
    }
    let pictures = pixels.bytes
    try self.init(header: header, attachment: pictures.isEmpty ? attachment : pictures)
  }

  /// The header as a message.
  /// - Throws: `WireError.badHeader` when it is not one.
  package func message<Message: Decodable>(_ type: Message.Type) throws(WireError) -> Message {
    let decoder = JSONDecoder()
    if let key = PixelBytes.key { decoder.userInfo[key] = PixelBytes(attachment) }
    do {
      return try decoder.decode(type, from: Data(header))
    } catch {
      throw .badHeader(expected: "\(type)")
    }
  }

  /// The lengths and the header, all that goes before the attachment.
  var head: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Frame.prefixBytes + header.count)
    for count in [header.count, attachment.count] {
      // Within `check`'s limits, far below 2^32.
      let length = UInt32(truncatingIfNeeded: count)
      for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
    }
    bytes += header
    return bytes
  }

  /// The whole frame as it is sent.
  package var bytes: [UInt8] { head + attachment }

  static func check(header: Int, attachment: Int) throws(WireError) {
    guard header <= maxHeaderBytes else { throw .headerTooLong(header) }
    guard attachment <= maxAttachmentBytes else { throw .attachmentTooLong(attachment) }
  }
}
