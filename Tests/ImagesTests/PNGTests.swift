import Images
import Testing

/// Writing PNG, and its text.
@Suite struct PNGTests {
  @Test func pixelsComeBackAsTheyWere() throws {
    for (width, height) in [(1, 1), (1, 300), (300, 1), (64, 48), (513, 257)] {
      let image = try Fixture.image(width: width, height: height) { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
      #expect(try PNG.decode(PNG.encode(image)) == image)
    }
  }

  @Test func theSamePictureGivesTheSameBytes() throws {
    let image = try Fixture.image(width: 40, height: 30) { UInt8(truncatingIfNeeded: $0 * 31) }
    let text = [PNGText(keyword: "a", text: "b")]
    #expect(try PNG.encode(image, text: text) == PNG.encode(image, text: text))
  }

  @Test func textComesBackInOrder() throws {
    let image = try Fixture.image(width: 4, height: 4) { UInt8($0) }
    let text = [
      PNGText(keyword: "parameters", text: "a cat\nSteps: 20, café"), PNGText(keyword: "prompt", text: "猫 🐱"),
      PNGText(keyword: "Empty", text: ""), PNGText(keyword: "Größe", text: "ÿ"),
      PNGText(keyword: "prompt", text: "\u{100}"),
    ]
    let bytes = try PNG.encode(image, text: text)
    #expect(try PNG.text(in: bytes) == text)
    #expect(try PNG.decode(bytes) == image)
    #expect(chunks(of: bytes).prefix(6) == ["IHDR", "tEXt", "iTXt", "tEXt", "tEXt", "iTXt"])
    #expect(chunks(of: bytes).dropFirst(6).allSatisfy { $0 == "IDAT" || $0 == "IEND" })
  }

  @Test func readsTheTextOfOtherWriters() throws {
    let expected = [
      PNGText(keyword: "parameters", text: "a cat\nSteps: 20, café"), PNGText(keyword: "prompt", text: "猫 🐱"),
      PNGText(keyword: "Comment", text: String(repeating: "squeezed ", count: 40)),
      PNGText(keyword: "Description", text: String(repeating: "Über ", count: 40)),
      PNGText(keyword: "Empty", text: ""),
    ]
    #expect(try PNG.text(in: Fixture.bytes("text.png")) == expected)
    #expect(try PNG.text(in: Fixture.bytes("rgb8.png")).isEmpty)
  }

  @Test func refusesTextThatInflatesWithoutEnd() throws {
    let bytes = try Fixture.bytes("bad-text-bomb.png")
    #expect(throws: ImageError.damaged(.png)) { try PNG.text(in: bytes) }
    // As a picture it is whole: its text is not looked at.
    #expect(try PNG.decode(bytes).width == 8)
  }

  @Test func refusesTextOfADamagedFile() throws {
    let bytes = try Fixture.bytes("text.png")
    for length in 0..<bytes.count {
      let cut = Array(bytes[..<length])
      #expect(throws: ImageError.damaged(.png), "cut to \(length)") { try PNG.text(in: cut) }
    }
  }

  @Test(arguments: [
    "", " a", "a ", "a  b", "a\nb", "a\u{7F}", "a\u{A0}b", "猫", "a\0b", String(repeating: "k", count: 80),
  ])
  func refusesAKeywordPNGCannotHold(keyword: String) throws {
    let image = try Fixture.image(width: 1, height: 1) { UInt8($0) }
    #expect(throws: ImageError.invalidText(keyword: keyword)) {
      try PNG.encode(image, text: [PNGText(keyword: keyword, text: "x")])
    }
  }

  @Test func refusesATextWithANUL() throws {
    let image = try Fixture.image(width: 1, height: 1) { UInt8($0) }
    #expect(throws: ImageError.invalidText(keyword: "k")) {
      try PNG.encode(image, text: [PNGText(keyword: "k", text: "a\0b")])
    }
    let longest = PNGText(keyword: String(repeating: "k", count: 79), text: "x")
    #expect(try PNG.text(in: PNG.encode(image, text: [longest])) == [longest])
  }

  /// The names of a PNG's chunks.
  private func chunks(of bytes: [UInt8]) -> [String] {
    var names: [String] = []
    var position = 8
    while position + 8 <= bytes.count {
      let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      names.append(String(decoding: bytes[position + 4..<position + 8], as: UTF8.self))
      position += 12 + length
    }
    return names
  }
}
