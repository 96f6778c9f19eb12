import Foundation
import HTTP
import Images
import JSON
import Testing

@testable import API

/// Pictures in a body: what is read, what is refused, and that both are said.
@Suite struct PictureFieldTests {
  /// The issues of a body with these members, as (where, message).
  private func issues(_ members: JSONObject) async throws -> [(String, String)] {
    let bench = try Bench()
    var body: JSONObject = ["prompt": "a"]
    for member in members.members { body[member.key] = member.value }
    let reply = await bench.post(String(decoding: JSONValue.object(body).encoded(), as: UTF8.self))
    #expect(reply.status == 422)
    #expect(bench.engine.requests.isEmpty)
    return (reply.json["detail"]?.arrayValue ?? []).map { issue in
      #expect(issue["type"] == "value_error")
      return (
        (issue["loc"]?.arrayValue ?? []).map { $0.stringValue ?? $0.numberValue?.text ?? "" }
          .joined(separator: "."),
        String((issue["msg"]?.stringValue ?? "").trimmingPrefix("Value error, "))
      )
    }
  }

  private func message(_ value: JSONValue, field: String = "image") async throws -> String {
    let found = try await issues([field: value])
    #expect(found.map(\.0) == ["body.\(field)"])
    return found.first?.1 ?? ""
  }

  private static func picture(_ width: Int = 3, _ height: Int = 2) throws -> RGBImage {
    try #require(
      RGBImage(width: width, height: height, pixels: Array(repeating: 7, count: 3 * width * height)))
  }

  private static func png(_ width: Int = 3, _ height: Int = 2) throws -> [UInt8] {
    try PNG.encode(picture(width, height))
  }

  private static func text(_ bytes: [UInt8]) -> JSONValue { .string(Data(bytes).base64EncodedString()) }

  @Test func everySpellingOfAPicture() throws {
    let png = Data(try Self.png()).base64EncodedString()
    let jpeg = Data(try JPEG.encode(Self.picture())).base64EncodedString()
    let wrapped = Data(try Self.png(40, 40)).base64EncodedString(options: .lineLength64Characters)
    for text in [
      png, jpeg, wrapped, "data:image/png;base64," + png, "DATA:IMAGE/JPEG;name=x.jpg;BASE64," + jpeg,
      "data:image/jpg;base64," + jpeg,
      // Types that say nothing.
      "data:;base64," + jpeg, "data:;name=x;base64," + png, "data:Application/Octet-Stream;base64," + png,
    ] {
      let values = try FieldTable.generate.validate(["prompt": "a", "image": .string(text)])
      #expect(values.picture("image") != nil)
    }
  }

  @Test func whatIsNotBase64() async throws {
    let good = Data(try Self.png()).base64EncodedString()
    for text in [
      "", " ", "A", "AA=", "AAA", "AB==", "AAB=", "====", "=", good + "!", good + "=", good + " ", "-_-_",
      "@@@@",
      good.replacingOccurrences(of: "=", with: "%3D") + "%3D", "é" + good,
      "data:image/png;base64,\u{301}" + good, String(good.dropLast()) + "\0",
      "http://127.0.0.1/x.png", "/etc/passwd", "QUJD=QUJD",
    ] {
      let found = try await message(.string(text))
      let known = [
        "image should be a PNG, JPEG or WebP picture in base64",
        "image: The data is not a PNG, JPEG or WebP picture.",
      ]
      #expect(known.contains(found), "\(text): \(found)")
    }
  }

  @Test(arguments: [
    "data:", "data:,", "data:image/png;base64", "data:image/png,AAAA", "data:base64,AAAA",
    "data:image/png;" + String(repeating: "a=b;", count: 50) + "base64,AAAA",
  ])
  func whatIsNoDataURI(text: String) async throws {
    #expect(
      try await message(.string(text))
        == "image should be base64 alone or a URI that begins data:image/png;base64,")
  }

  @Test func whatIsNoPicture() async throws {
    #expect(
      try await message(Self.text(Array("GIF89a".utf8)))
        == "image: The data is not a PNG, JPEG or WebP picture.")
    let png = try Self.png(40, 30)
    #expect(
      try await message(Self.text(png.dropLast(20))) == "image: The PNG picture is damaged or incomplete.")
    var bomb = png
    bomb.replaceSubrange(16..<24, with: [0, 0, 195, 80, 0, 0, 195, 80])
    // The changed header's own checksum, so that it is the size that is refused.
    bomb.replaceSubrange(29..<33, with: crc(bomb[12..<29]))
    #expect(
      try await message(Self.text(bomb))
        == "image: The picture is 50000x50000 pixels; at most 8192 a side and 16777216 in all are accepted.")
  }

  @Test func theTypeSaidMustBeTheTypeFound() async throws {
    let png = Data(try Self.png()).base64EncodedString()
    let wrong = "is image/png by its first bytes, which is not the type it is said to be"
    for type in ["image/jpeg", "text/html", "image/svg+xml", "png"] {
      #expect(try await message(.string("data:\(type);base64,\(png)")) == "image \(wrong)")
    }
    for field in ["reference_image_mime", "reference_mime_type", "mime_type"] {
      _ = try FieldTable.generate.validate([
        "prompt": "a", "reference_image": .string(png), field: "image/PNG",
      ])
      let found = try await issues(["reference_image": .string(png), field: "image/webp"])
      #expect(found.map(\.0) == ["body.\(field)"])
      #expect(found.last?.1 == "reference_image \(wrong)")
    }
  }

  @Test func fiveMebibytesEach() async throws {
    let full = Self.padded(try Self.png(), to: PictureInput.limit)
    _ = try FieldTable.generate.validate(["prompt": "a", "image": Self.text(full)])
    #expect(try await message(Self.text(full + [0])) == "image should have at most 5 MiB")
  }

  @Test func twentyMebibytesInAll() async throws {
    let full = Self.text(Self.padded(try Self.png(), to: PictureInput.limit))
    let found = try await issues([
      "reference_images": [full, full, full, full], "image": Self.text(try Self.png()),
    ])
    #expect(found.map(\.0) == ["body.image"])
    #expect(
      found.map(\.1) == ["the pictures of a request should have at most 20 MiB in all; image goes beyond"])
  }

  @Test func masksCountToo() async throws {
    let full = Self.text(Self.padded(try Self.png(), to: PictureInput.limit))
    let reference: JSONValue = ["image": full, "mask": full]
    let found = try await issues([
      "reference_images": [reference, reference], "control": [["image": Self.text(try Self.png())]],
    ])
    #expect(found.map(\.0) == ["body.control.0.image"])
    #expect(found.first?.1.hasSuffix("20 MiB in all; control[0].image goes beyond") == true)
  }

  /// Pixels of all pictures are counted before any memory is taken for the one that goes beyond.
  @Test func pixelsInAll() throws {
    var reader = PictureReader(pixelLimit: 12)
    let (small, large) = (try Self.png(3, 2), try Self.png(7, 1))
    func read(_ png: [UInt8], _ field: String) throws {
      _ = try reader.read(Data(png).base64EncodedString(), field: field)
    }
    try read(small, "image")
    let message = "the pictures of a request should have at most 12 pixels in all; mask goes beyond"
    // Cut short, which would be found when it is decoded.
    #expect(throws: FieldProblem.value(message)) { try read(large.dropLast(20), "mask") }
    try read(small, "reference_image")
    #expect(throws: FieldProblem.self) { try read(Self.png(1, 1), "reference_images[0]") }
    #expect(PictureInput.pixelLimit == 100_663_296)
  }

  @Test func severalReferences() async throws {
    let good = Self.text(try Self.png())
    for list: JSONValue in [
      [good], [good, ["image": good, "weight": 0.5]], [["image": good, "mask": good]],
    ] {
      _ = try FieldTable.generate.validate(["prompt": "a", "reference_images": list])
    }
    let found = try await issues(["reference_images": [good, "aGVsbG8=", ["image": "aGVsbG8="]]])
    #expect(found.map(\.0) == ["body.reference_images.1", "body.reference_images.2.image"])
    #expect(
      found.map(\.1) == [
        "reference_images[1]: The data is not a PNG, JPEG or WebP picture.",
        "reference_images[2].image: The data is not a PNG, JPEG or WebP picture.",
      ])
  }

  @Test func wrongPicturesAndWrongNumbersAreToldAtOnce() async throws {
    let reply = try await Bench().post(#"{"image": "@", "steps": 0, "mask": 5}"#)
    let fields = reply.json["detail"]?.arrayValue?.compactMap { $0["loc"]?.arrayValue?.last?.stringValue }
    #expect(fields == ["prompt", "steps", "image", "mask"])
  }

  @Test func longPicturesAreCutInTheEcho() async throws {
    let picture = String(repeating: "A", count: 100_000)
    let reply = try await Bench().post(#"{"prompt": "a", "reference_image": "\#(picture)"}"#)
    let input = try #require(reply.json["detail"]?.arrayValue?.first?["input"]?.stringValue)
    #expect(input == String(repeating: "A", count: 1000) + "…")
  }

  @Test func base64IsFoundations() throws {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151) }
      let text = Array(Data(bytes).base64EncodedString().utf8)
      #expect(try Base64Text.decode(text, limit: count) == bytes)
      guard count > 0 else { continue }
      #expect(throws: Base64Text.Failure.tooLong) { try Base64Text.decode(text, limit: count - 1) }
      #expect(throws: Base64Text.Failure.malformed) { try Base64Text.decode(text.dropLast(), limit: count) }
    }
  }

  /// A PNG with bytes behind it, which no decoder looks at.
  private static func padded(_ png: [UInt8], to count: Int) -> [UInt8] {
    png + Array(repeating: 0, count: count - png.count)
  }

  /// Of PNG's chunks (ISO/IEC 15948, annex D).
  private func crc(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var value: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }
    value = ~value
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
  }
}
