import Foundation
import Safetensors
import TestSupport
import Testing

/// Random damage to a valid file: accepted or refused, no accepted tensor lies outside the file.
@Suite struct MutationTests {
  static let alphabet = Array("0123456789[]{},:\"abF-.e \\u".utf8)
  static let numbers = [
    "0", "4", "12", "13", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615",
    "-1",
    "1e3",
  ]

  /// One to four edits of header bytes, of a number in the header, of the length, or of the file's size.
  private func damaged(_ random: inout SplitMix) -> [UInt8] {
    var content = FileTests.content
    for _ in 0..<Int.random(in: 1...4, using: &random) where !content.isEmpty {
      let place = Int.random(in: 0..<content.count, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0: content[place] = UInt8.random(in: 0...255, using: &random)
      case 1, 2: content[place] = Self.alphabet.randomElement(using: &random) ?? 0
      case 3:
        content[min(place, Int.random(in: 0..<8, using: &random))] = UInt8.random(in: 0...255, using: &random)
      case 4:
        content.removeSubrange(place..<min(content.count, place + Int.random(in: 1...4, using: &random)))
      case 5: content = Array(content[..<place])
      case 6: content.append(contentsOf: [UInt8](repeating: 0, count: Int.random(in: 1...9, using: &random)))
      default: replaceNumber(after: place, in: &content, &random)
      }
    }
    if Bool.random(using: &random) { repairLength(&content) }
    return content
  }

  private func replaceNumber(after place: Int, in content: inout [UInt8], _ random: inout SplitMix) {
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    guard let start = content[place...].firstIndex(where: isDigit) else { return }
    let end = content[start...].firstIndex { !isDigit($0) } ?? content.count
    content.replaceSubrange(
      start..<end, with: Array((Self.numbers.randomElement(using: &random) ?? "0").utf8))
  }

  /// Makes the length right again, so that damage gets past the first check.
  private func repairLength(_ content: inout [UInt8]) {
    guard content.count >= 8, let end = content.lastIndex(of: UInt8(ascii: "}")), end >= 8 else { return }
    content.replaceSubrange(0..<8, with: fileBytes([], length: UInt64(end - 7)))
  }

  private func check(_ content: [UInt8], _ header: SafetensorsHeader) {
    let length = content[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    var end = 8 + length
    #expect(Set(header.names) == Set(header.tensors.keys))
    for name in header.names {
      guard let tensor = header.tensors[name] else { continue }
      #expect(tensor.offset == end)
      #expect(tensor.byteCount == tensor.shape.reduce(tensor.dtype.byteCount, *))
      end += tensor.byteCount
    }
    #expect(end == content.count)
  }

  @Test(arguments: 0..<8) func damagedHeaders(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var accepted = 0
    for _ in 0..<2500 {
      let content = damaged(&random)
      guard content.count >= 8 else { continue }
      let length = content[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard length <= UInt64(content.count - 8) else { continue }
      let header = try? SafetensorsHeader.parse(
        Array(content[8..<8 + Int(length)]), fileSize: UInt64(content.count), file: "damaged.safetensors")
      if let header {
        accepted += 1
        check(content, header)
      }
    }
    // Some damage is harmless (a letter of a name); if none were, only the first check would be tested.
    #expect(accepted > 20)
  }

  @Test func damagedFiles() throws {
    var random = SplitMix(seed: 99)
    for _ in 0..<1000 {
      let content = damaged(&random)
      let temporary = try TemporaryFile(content)
      guard let file = try? SafetensorsFile(path: temporary.path) else { continue }
      check(content, file.header)
      for tensor in file.header.tensors.values {
        var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
        try bytes.withUnsafeMutableBytes { try file.read(tensor, into: $0) }
        #expect(bytes == Array(content[tensor.offset..<tensor.offset + tensor.byteCount]))
      }
    }
  }

  /// Three tensors at random places, judged by counting how often each byte of the data is covered.
  @Test func randomLayoutsAreAcceptedExactlyWhenTheyTileTheData() {
    var random = SplitMix(seed: 5)
    var accepted = 0
    for _ in 0..<20_000 {
      let places = (0..<3).map { _ in
        let begin = Int.random(in: 0...4, using: &random)
        return begin..<begin + Int.random(in: 0...3, using: &random)
      }
      let dataBytes = Int.random(in: 0...7, using: &random)
      let entries = zip("abc", places).map { name, place in
        let offsets = "[\(place.lowerBound),\(place.upperBound)]"
        return #""\#(name)":{"dtype":"U8","shape":[\#(place.count)],"data_offsets":\#(offsets)}"#
      }
      let header = Array("{\(entries.joined(separator: ","))}".utf8)
      let parsed = try? SafetensorsHeader.parse(
        header, fileSize: UInt64(8 + header.count + dataBytes), file: "layout.safetensors")
      #expect((parsed != nil) == tile(places, dataBytes), "\(places) in \(dataBytes)")
      accepted += parsed == nil ? 0 : 1
    }
    #expect(accepted > 50)
  }

  private func tile(_ places: [Range<Int>], _ dataBytes: Int) -> Bool {
    let coveredOnce = (0..<10).allSatisfy { byte in
      places.count { $0.contains(byte) } == (byte < dataBytes ? 1 : 0)
    }
    let emptyAtABorder = places.filter(\.isEmpty).allSatisfy { empty in
      empty.lowerBound <= dataBytes
        && !places.contains { $0.lowerBound < empty.lowerBound && empty.lowerBound < $0.upperBound }
    }
    return coveredOnce && emptyAtABorder
  }

  @Test func everyTruncationIsRefused() throws {
    for length in 0..<FileTests.content.count {
      #expect(try refusal(of: Array(FileTests.content[..<length])) != nil, "the first \(length) bytes")
    }
  }

  @Test func everyByteOfTheHeaderSetToEveryValue() throws {
    let header = Array(FileTests.header.utf8)
    let size = UInt64(FileTests.content.count)
    for place in header.indices {
      for value in UInt8.min...UInt8.max {
        var changed = header
        changed[place] = value
        if let parsed = try? SafetensorsHeader.parse(changed, fileSize: size, file: "damaged.safetensors") {
          check(fileBytes(changed, data: Array(1...13)), parsed)
        }
      }
    }
  }
}
