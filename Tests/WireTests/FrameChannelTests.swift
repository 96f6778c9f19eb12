import Foundation
import Testing
import Wire

@Suite(.timeLimit(.minutes(2))) struct FrameChannelTests {
  @Test("A large frame crosses whole, then the stream ends")
  func large() async throws {
    let (here, there) = try FrameChannel.pair()
    let frame = try Frame(
      header: Array("{}".utf8), attachment: (0..<8_000_003).map { UInt8(truncatingIfNeeded: $0 / 7) })
    async let sent: Void = onThread {
      try here.send(frame)
      here.shutDown()
    }
    let (received, end) = try await onThread {
      var reader = FrameReader()
      return (try there.nextFrame(&reader), try there.nextFrame(&reader))
    }
    try await sent
    #expect(received == frame)
    #expect(end == nil)
  }

  @Test("Frames of many threads do not interleave")
  func manySenders() async throws {
    let (here, there) = try FrameChannel.pair()
    let (senders, each) = (6, 40)
    for sender in 0..<senders {
      Thread.detachNewThread {
        for _ in 0..<each {
          let body = [UInt8](repeating: UInt8(sender), count: 10_000 + sender)
          if let frame = try? Frame(header: [UInt8(sender)], attachment: body) { try? here.send(frame) }
        }
      }
    }
    var reader = FrameReader()
    var counts = [UInt8: Int]()
    for _ in 0..<senders * each {
      let frame = try #require(try there.nextFrame(&reader))
      let sender = try #require(frame.header.first)
      counts[sender, default: 0] += 1
      #expect(frame.attachment == [UInt8](repeating: sender, count: 10_000 + Int(sender)))
    }
    #expect(counts == Dictionary(uniqueKeysWithValues: (0..<senders).map { (UInt8($0), each) }))
  }

  @Test("Sending to a closed end is an error, each time, and no signal")
  func closed() throws {
    let (here, there) = try FrameChannel.pair()
    there.shutDown()
    let frame = try Frame(header: [1])
    #expect(throws: WireError.closed) { try here.send(frame) }
    #expect(throws: WireError.closed) { try here.send(frame) }
  }

  @Test("Sending to an end that does not read gives up, and spoils the channel for good")
  func stalled() throws {
    let (here, there) = try FrameChannel.pair()
    here.limitSending(to: .milliseconds(50))
    let frame = try Frame(header: [], attachment: [UInt8](repeating: 0, count: 4 << 20))
    #expect(throws: WireError.stalled) { try here.send(frame) }
    var reader = FrameReader()
    #expect(try there.receive(into: &reader))
    #expect(throws: WireError.stalled) { try here.send(try Frame(header: [1])) }
  }

  @Test("A stream that ends within a frame is an error")
  func cut() throws {
    let (here, there) = try FrameChannel.pair()
    here.limitSending(to: .milliseconds(50))
    #expect(throws: WireError.stalled) {
      try here.send(try Frame(header: [], attachment: [UInt8](repeating: 0, count: 4 << 20)))
    }
    here.shutDown()
    var reader = FrameReader()
    #expect(throws: WireError.closed) { try there.nextFrame(&reader) }
  }
}
