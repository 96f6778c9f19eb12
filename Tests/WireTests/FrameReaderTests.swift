import Testing
import Wire

struct FrameReaderTests {
  /// Three frames: with an attachment, without, and with nothing at all.
  static func samples() throws -> [Frame] {
    [
      try Frame(header: Array("{\"a\":1}".utf8), attachment: [0, 1, 2, 255]),
      try Frame(header: Array("{}".utf8)),
      try Frame(header: []),
    ]
  }

  @Test("The bytes of a frame are fixed")
  func layout() throws {
    let frame = try Frame(header: Array("{}".utf8), attachment: [9, 8, 7])
    #expect(frame.bytes == [2, 0, 0, 0, 3, 0, 0, 0, 0x7b, 0x7d, 9, 8, 7])
    let long = try Frame(header: Array(repeating: 0x20, count: 0x01_02_03))
    #expect(long.bytes.prefix(8) == [3, 2, 1, 0, 0, 0, 0, 0])
  }

  @Test("Fed whole")
  func whole() throws {
    let frames = try Self.samples()
    var reader = FrameReader()
    reader.append(frames.flatMap(\.bytes))
    for frame in frames { #expect(try reader.next() == frame) }
    #expect(try reader.next() == nil)
    #expect(reader.isBetweenFrames)
  }

  @Test("Fed in pieces of every size", arguments: 1...20)
  func pieces(size: Int) throws {
    let frames = try Self.samples()
    let bytes = frames.flatMap(\.bytes)
    var reader = FrameReader()
    var received: [Frame] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      reader.append(bytes[start..<min(start + size, bytes.count)])
      while let frame = try reader.next() { received.append(frame) }
    }
    #expect(received == frames)
    #expect(reader.isBetweenFrames)
  }

  @Test("Trailing bytes stay for the next frame, and no frame comes early")
  func trailing() throws {
    let frame = try Self.samples()[0]
    var reader = FrameReader()
    reader.append(frame.bytes + frame.bytes.dropLast())
    #expect(try reader.next() == frame)
    #expect(try reader.next() == nil)
    #expect(!reader.isBetweenFrames)
    reader.append(frame.bytes.suffix(1))
    #expect(try reader.next() == frame)
    #expect(reader.isBetweenFrames)
  }

  @Test("Lengths above the limits are refused before their bytes come, and for good")
  func limits() throws {
    var reader = FrameReader()
    // 1 MiB + 1
    reader.append([0x01, 0x00, 0x10, 0x00, 0, 0, 0])
    #expect(try reader.next() == nil)
    reader.append([0])
    #expect(throws: WireError.headerTooLong(1_048_577)) { try reader.next() }
    reader.append(try Frame(header: []).bytes)
    #expect(throws: WireError.headerTooLong(1_048_577)) { try reader.next() }

    reader = FrameReader()
    // 256 MiB + 1
    reader.append([0, 0, 0, 0, 0x01, 0x00, 0x00, 0x10])
    #expect(throws: WireError.attachmentTooLong(268_435_457)) { try reader.next() }

    reader = FrameReader()
    reader.append([UInt8](repeating: 0xff, count: 8))
    #expect(throws: WireError.headerTooLong(4_294_967_295)) { try reader.next() }
  }

  @Test("A frame at the header's limit passes, one above it cannot be made")
  func atTheLimit() throws {
    let header = [UInt8](repeating: 0x20, count: Frame.maxHeaderBytes)
    var reader = FrameReader()
    reader.append(try Frame(header: header).bytes)
    #expect(try reader.next()?.header == header)
    #expect(throws: WireError.headerTooLong(1_048_577)) { try Frame(header: header + [0x20]) }
  }
}
