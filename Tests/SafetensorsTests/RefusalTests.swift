import Foundation
import Safetensors
import Testing

/// One refusal for each way to be wrong; each error names the file and, where one is at fault, the tensor.
@Suite struct RefusalTests {
  typealias Kind = SafetensorsError.Kind

  static let plain = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#

  private func expect(
    _ content: [UInt8], _ kind: Kind, tensor: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let error = try #require(
      try refusal(of: content, name: "bad.safetensors"), sourceLocation: sourceLocation)
    #expect(error.kind == kind, sourceLocation: sourceLocation)
    #expect(error.file == "bad.safetensors", sourceLocation: sourceLocation)
    #expect(error.tensor == tensor, sourceLocation: sourceLocation)
    #expect(error.description.hasPrefix("bad.safetensors: "), sourceLocation: sourceLocation)
    #expect(!error.description.contains("/"), sourceLocation: sourceLocation)
    if let tensor, tensor.utf8.count < 200,
      tensor.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
    {
      #expect(error.description.contains(#"tensor "\#(tensor)""#), sourceLocation: sourceLocation)
    }
  }

  /// A header whose only tensor has this entry, and four bytes of data.
  private func expect(
    entry: String, _ kind: Kind, tensor: String = "a", sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try expect(
      fileBytes(#"{"\#(tensor)":\#(entry)}"#, data: [0, 0, 0, 0]), kind, tensor: tensor,
      sourceLocation: sourceLocation)
  }

  private func expect(
    dtype: String = #""F32""#, shape: String = "[1]", offsets: String = "[0,4]", _ kind: Kind,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try expect(
      entry: #"{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}"#, kind,
      sourceLocation: sourceLocation)
  }

  @Test func tooShort() throws {
    try expect([], .tooShort(bytes: 0))
    try expect([2, 0, 0, 0, 0, 0, 0], .tooShort(bytes: 7))
  }

  @Test func headerTooLarge() throws {
    try expect(fileBytes(Self.plain, length: .max), .headerTooLarge(bytes: .max))
    try expect(fileBytes(Self.plain, length: 1 << 63), .headerTooLarge(bytes: 1 << 63))
    try expect(fileBytes(Self.plain, length: .max - 7), .headerTooLarge(bytes: .max - 7))
    try expect(fileBytes(Self.plain, length: 25_000_001), .headerTooLarge(bytes: 25_000_001))
  }

  @Test func headerBeyondFile() throws {
    try expect(fileBytes("{}", length: 3), .headerBeyondFile(bytes: 3))
    try expect(fileBytes("{}", length: 25_000_000), .headerBeyondFile(bytes: 25_000_000))
  }

  @Test func otherFormats() throws {
    try expect(Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 60), .otherFormat(.zip))
    try expect([0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9], .otherFormat(.pickle))
    try expect([0x80, 4, 0x95, 0x10, 0, 0, 0, 0, 0, 0], .otherFormat(.pickle))
    try expect(Array("GGUF".utf8) + [3, 0, 0, 0, 0], .otherFormat(.gguf))
    try expect(Array("<!DOCTYPE html>".utf8), .otherFormat(.webPage))
    try expect(Array("<html><body>".utf8), .otherFormat(.webPage))
    try expect(Array("version https://git-lfs.github.com/spec/v1\n".utf8), .otherFormat(.largeFilePointer))
    for page in ["<!doctype html>", "\n<HTML lang=en>", "<?xml version=", "<head><title>"] {
      try expect(Array(page.utf8), .otherFormat(.webPage))
    }
    try expect(Array(#"{"error":"Repository not found"}"#.utf8), .otherFormat(.json))
    try expect(Array("Entry not found".utf8), .otherFormat(.text))
    try expect([UInt8](repeating: 0, count: 4096), .otherFormat(.blank))
    let pickle = try refusal(of: [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9], name: "old.ckpt")
    #expect(pickle?.description.contains("convert it to safetensors") == true)
  }

  /// 640 is 0x280: a length may look like the start of a pickle.
  @Test func aLengthThatLooksLikeAPickleIsALength() throws {
    let header = "{}" + String(repeating: " ", count: 638)
    #expect(Array(fileBytes(header).prefix(2)) == [0x80, 2])
    #expect(try refusal(of: fileBytes(header)) == nil)
  }

  @Test func headerNotObject() throws {
    for header in [" ", "[]", "null", "\"{}\"", "\u{FEFF}{}", " {}", "\n{}"] {
      try expect(fileBytes(header), .headerNotObject)
    }
  }

  @Test func headerNotUTF8() throws {
    try expect(fileBytes(Array("{\"é".utf8) + [0xFF] + Array("\":1}".utf8)), .headerNotUTF8(byteOffset: 4))
  }

  @Test func headerNotJSON() throws {
    try expect(
      fileBytes(#"{"#),
      .headerNotJSON(reason: "Expecting property name enclosed in double quotes", position: 1))
    try expect(fileBytes("{} {}"), .headerNotJSON(reason: "Extra data", position: 3))
    try expect(fileBytes("{}\0"), .headerNotJSON(reason: "Extra data", position: 2))
    try expect(
      fileBytes(#"{"é":{"dtype":}}"#), .headerNotJSON(reason: "Expecting value", position: 14), tensor: "é")
    try expect(
      fileBytes(#"{"__metadata__":{"a":x}}"#), .headerNotJSON(reason: "Expecting value", position: 21))
  }

  @Test func headerTooComplex() throws {
    try expect(
      fileBytes(#"{"a":{"shape":[[[1]]]}}"#), .headerTooComplex(reason: "Nesting too deep"), tensor: "a")
    try expect(
      fileBytes(#"{"a":"# + String(repeating: "9", count: 5000) + "}"),
      .headerTooComplex(reason: "Number too long"), tensor: "a")
  }

  @Test func duplicateKeys() throws {
    let twice = Self.plain.dropLast() + "," + Self.plain.dropFirst()
    try expect(fileBytes(String(twice), data: [0, 0, 0, 0]), .duplicateKey("a"), tensor: "a")
    try expect(
      entry: #"{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}"#, .duplicateKey("dtype"))
    try expect(fileBytes(#"{"__metadata__":{"k":"1","k":"2"}}"#), .duplicateKey("k"))
    try expect(fileBytes(#"{"__metadata__":{},"__metadata__":{}}"#), .duplicateKey("__metadata__"))
  }

  @Test func invalidMetadata() throws {
    for metadata in ["null", "[]", #""pt""#, "1", #"{"a":1}"#, #"{"a":null}"#, #"{"a":{}}"#] {
      try expect(fileBytes(#"{"__metadata__":\#(metadata)}"#), .invalidMetadata)
    }
  }

  @Test func names() throws {
    let entry = #"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#
    let long = String(repeating: "n", count: 1025)
    try expect(entry: entry, .nameTooLong(bytes: 1025), tensor: long)
    #expect(try refusal(of: fileBytes(#"{"\#(long.dropLast())":\#(entry)}"#, data: [0, 0, 0, 0])) == nil)
    for (escape, name) in [
      (#"a\nb"#, "a\nb"), (#"\u0000"#, "\0"), (#"\u007f"#, "\u{7F}"), (#"\u0085"#, "\u{85}"),
    ] {
      try expect(
        fileBytes(#"{"\#(escape)":\#(entry)}"#, data: [0, 0, 0, 0]), .controlCharacterInName, tensor: name)
    }
  }

  @Test func entries() throws {
    for entry in ["null", "[]", "1", #""F32""#] { try expect(entry: entry, .entryNotObject) }
    try expect(entry: #"{"shape":[1],"data_offsets":[0,4]}"#, .missingField("dtype"))
    try expect(entry: #"{"dtype":"F32","data_offsets":[0,4]}"#, .missingField("shape"))
    try expect(entry: #"{"dtype":"F32","shape":[1]}"#, .missingField("data_offsets"))
    try expect(
      entry: #"{"dtype":"F32","shape":[1],"data_offsets":[0,4],"stride":[1]}"#, .unknownField("stride"))
  }

  @Test func dtypes() throws {
    for name in ["f32", "F33", "", "F32 ", "U16", "F4"] {
      try expect(dtype: "\"\(name)\"", .unknownDType(name))
    }
    for value in ["5", "null", "[]"] { try expect(dtype: value, .unknownDType(nil)) }
  }

  @Test func shapes() throws {
    for shape in [
      "[-1]", "[-0]", "[1.0]", "[1e0]", #"["1"]"#, "[null]", "[true]", "[[1]]", "null", "1", "{}",
    ] {
      try expect(shape: shape, .invalidShape)
    }
    try expect(shape: "[1,1,1,1,1,1,1,1,1]", .rankTooHigh(9))
  }

  @Test func offsets() throws {
    for offsets in [
      "[]", "[0]", "[0,4,4]", "[-4,0]", "[0,-4]", "[0.0,4]", "[0,4e0]", "null", "{}", "4", #"["0",4]"#,
    ] {
      try expect(offsets: offsets, .invalidOffsets)
    }
    try expect(offsets: "[4,0]", .reversedOffsets(begin: 4, end: 0))
    try expect(offsets: "[9223372036854775807,0]", .reversedOffsets(begin: .max, end: 0))
  }

  @Test func sizes() throws {
    try expect(shape: "[2]", .sizeMismatch(stored: 4, needed: 8))
    try expect(dtype: #""F16""#, .sizeMismatch(stored: 4, needed: 2))
    try expect(shape: "[0]", .sizeMismatch(stored: 4, needed: 0))
    try expect(shape: "[]", offsets: "[0,0]", .sizeMismatch(stored: 0, needed: 4))
    try expect(shape: "[4294967296,4294967296]", .sizeOverflow)
    try expect(shape: "[4294967296,4294967296,0]", .sizeOverflow)
    try expect(shape: "[4611686018427387904]", .sizeOverflow)
    try expect(shape: "[9223372036854775808]", .sizeOverflow)
    try expect(offsets: "[0,18446744073709551616]", .sizeOverflow)
  }

  /// `begin` to `end` of `b` against `a`, which has the first four bytes.
  private func expectB(
    _ begin: Int, _ end: Int, _ kind: Kind, tensor: String = "b",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let header = """
      {"b":{"dtype":"U8","shape":[\(end - begin)],"data_offsets":[\(begin),\(end)]},\
      "a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}
      """
    try expect(
      fileBytes(header, data: [UInt8](repeating: 0, count: max(4, end))), kind, tensor: tensor,
      sourceLocation: sourceLocation)
  }

  @Test func layout() throws {
    try expectB(5, 9, .gap(expected: 4, found: 5))
    try expectB(3, 7, .overlap(expected: 4, found: 3))
    try expectB(0, 5, .overlap(expected: 4, found: 0))
    try expectB(2, 2, .overlap(expected: 4, found: 2))
    try expectB(0, 2, .overlap(expected: 2, found: 0), tensor: "a")
    try expect(offsets: "[4,8]", .gap(expected: 0, found: 4))
  }

  @Test func fileSizes() throws {
    let size = UInt64(Self.plain.utf8.count + 12)
    try expect(fileBytes(Self.plain, data: [0, 0, 0]), .truncated(expected: size, found: size - 1))
    try expect(fileBytes(Self.plain), .truncated(expected: size, found: size - 4))
    try expect(fileBytes(Self.plain, data: [0, 0, 0, 0, 0]), .trailingBytes(expected: size, found: size + 1))
    try expect(fileBytes("{}", data: [0]), .trailingBytes(expected: 10, found: 11))
    let huge = #"{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}"#
    let hugeSize = UInt64(Int.max) + UInt64(huge.utf8.count) + 8
    try expect(fileBytes(huge), .truncated(expected: hugeSize, found: UInt64(huge.utf8.count) + 8))
    #expect(throws: SafetensorsError.self) {
      try SafetensorsHeader.parse(Array(huge.utf8), fileSize: hugeSize, file: "bad.safetensors")
    }
  }

  @Test func textFromTheFileCannotWriteLinesIntoALog() throws {
    let error = try #require(try refusal(of: fileBytes(#"{"a\n\u001b[31m\u2028":{}}"#)))
    #expect(error.tensor == "a\n\u{1B}[31m\u{2028}")
    #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x2028 })
    #expect(error.description.contains(#"a\n"#))
    let long = try #require(try refusal(of: fileBytes(#"{"\#(String(repeating: "n", count: 100_000))":{}}"#)))
    #expect(long.description.utf8.count < 500)
  }
}
