import Foundation
import Generation
import HTTP
import Images
import JSON
import Testing

@testable import API

/// `POST /generate` as a form.
@Suite struct GenerateFormTests {
  private static func part(
    _ name: String, _ body: [UInt8], file: String? = nil, type: String? = nil
  ) -> [UInt8] {
    let filename = file.map { "; filename=\"\($0)\"" } ?? ""
    let type = type.map { "Content-Type: \($0)\r\n" } ?? ""
    let head = "--x\r\nContent-Disposition: form-data; name=\"\(name)\"\(filename)\r\n\(type)\r\n"
    return Array(head.utf8) + body + Array("\r\n".utf8)
  }

  private static func text(_ name: String, _ text: String) -> [UInt8] { part(name, Array(text.utf8)) }

  private func post(_ bench: Bench, _ parts: [[UInt8]]) async -> HTTPResponse {
    let headers: HTTPHeaders = ["Host": "localhost", "Content-Type": "multipart/form-data; boundary=x"]
    let request = HTTPRequest(
      method: "POST", target: "/generate", path: "/generate", query: nil, version: .http11, headers: headers,
      body: parts.flatMap(\.self) + Array("--x--\r\n".utf8), remoteAddress: "127.0.0.1")
    switch bench.service.respond(to: request) {
    case .now(let response, _): return response
    case .later(_, let work): return await work()
    }
  }

  private static func png() throws -> [UInt8] {
    try PNG.encode(
      try #require(RGBImage(width: 64, height: 72, pixels: Array(repeating: 9, count: 3 * 64 * 72))))
  }

  @Test func everyKindOfField() async throws {
    let bench = try Bench()
    try bench.add("loras/a.safetensors", Bench.lora)
    try bench.add("ip-adapter/one.safetensors", Bench.ipAdapter)
    try bench.add("ip-adapter/image_encoder/model.safetensors", "vision_model.x")
    let png = try Self.png()
    let reply = await post(
      bench,
      [
        Self.text("prompt", "a cat"), Self.text("negative_prompt", ""), Self.text("steps", "8"),
        Self.text("seed", "5"), Self.text("composite", "false"), Self.text("cfg_scale", ""),
        Self.text("loras", #"[{"name": "a", "scale": "0.5"}]"#), Self.part("image", png, file: "a.png"),
        Self.part("reference_images", png, file: "b.png"), Self.part("reference_images", png, file: "c.png"),
        Self.text("reference_image", Data(png).base64EncodedString()), Self.text("strength", "0.5"),
      ])
    #expect(reply.status == 200, "\(reply.json)")
    let request = try #require(bench.engine.requests.first)
    #expect((request.prompt, request.negativePrompt) == ("a cat", .text("")))
    #expect((request.steps, request.seed, request.width, request.height) == (8, 5, 64, 72))
    #expect(request.loras.map(\.scale) == [0.5])
    #expect(request.reference?.references.count == 3)
    #expect(request.start?.strength == 0.5)
  }

  /// As a browser sends an input in which nothing was chosen, and as curl sends `-F image=@zero.png`.
  @Test(arguments: ["image", "mask", "reference_images", "reference_image"])
  func anEmptyFileIsNoAbsentOne(field: String) async throws {
    let bench = try Bench()
    let unchosen = Self.part(field, [], file: "", type: "application/octet-stream")
    #expect(await post(bench, [Self.text("prompt", "a"), unchosen]).status == 200)
    let empty = await post(bench, [Self.text("prompt", "a"), Self.part(field, [], file: "zero.png")])
    #expect((empty.status, empty.places) == (422, [field]))
    #expect(empty.messages == ["Value error, \(field) is an empty file"])
  }

  @Test(arguments: [
    ("image/png", nil), ("IMAGE/PNG; x=y", nil), ("application/octet-stream", nil),
    ("image/webp", "image is image/png by its first bytes, which is not the type it is said to be"),
    ("text/plain", "image should be a PNG, JPEG or WebP picture, and its part says that it is none"),
  ])
  func theTypeOfAFile(type: String, message: String?) async throws {
    let image = Self.part("image", try Self.png(), file: "a.png", type: type)
    let reply = await post(try Bench(), [Self.text("prompt", "a"), image])
    #expect(reply.status == (message == nil ? 200 : 422))
    #expect(reply.messages == [message].compactMap { $0.map { "Value error, \($0)" } })
  }

  /// `NAME[]` is an element of a list, whatever the list is of; of anything else it is no field.
  @Test func elementsOfLists() async throws {
    let bench = try Bench()
    for name in ["a", "b"] { try bench.add("loras/\(name).safetensors", Bench.lora) }
    try bench.add("ip-adapter/one.safetensors", Bench.ipAdapter)
    try bench.add("ip-adapter/image_encoder/model.safetensors", "vision_model.x")
    let png = try Self.png()
    let reply = await post(
      bench,
      [
        Self.text("prompt", "a"), Self.part("reference_images[]", png, file: "b.png"),
        Self.part("reference_images", png, file: "c.png"), Self.text("loras[]", #"{"name": "a"}"#),
        Self.text("loras[]", #"{"name": "b"}"#),
      ])
    #expect(reply.status == 200, "\(reply.json)")
    #expect(bench.engine.requests.first?.reference?.references.count == 2)
    #expect(bench.engine.requests.first?.loras.map(\.file.name) == ["a", "b"])
    let unknown = await post(bench, [Self.text("prompt", "a"), Self.part("image[]", png, file: "b.png")])
    #expect((unknown.status, unknown.places) == (422, ["image[]"]))
  }

  /// As curl sends `-F 'prompt=(a:2)'`.
  @Test func aPartOfPartsIsRefused() async throws {
    let part = Array(
      "--x\r\nContent-Disposition: form-data; name=\"prompt\"\r\nContent-Type: Multipart/Mixed; boundary=y\r\n\r\na\r\n"
        .utf8)
    let reply = await post(try Bench(), [part])
    #expect(reply.messages == ["Value error, prompt should be one part: with curl, use --form-string"])
  }

  @Test func mistakesAreThoseOfJSON() async throws {
    let bench = try Bench()
    let reply = await post(
      bench,
      [
        Self.text("steps", "0"), Self.text("lora_nmae", "x"), Self.text("loras", #"[{"nmae": "x"}]"#),
        Self.part("image", Array("hello".utf8), file: "a.png"),
      ])
    #expect(reply.status == 422)
    #expect(
      reply.places == ["prompt", "steps", "loras.0.name", "loras.0.nmae", "image", "lora_nmae"])
    let broken = await post(
      bench,
      [Self.text("loras", "[{"), Self.text("seed", "1"), Self.text("seed", "2"), Self.text("hires", "x")])
    #expect(
      broken.messages == [
        "Value error, loras should be JSON", "Value error, seed is there more than once",
        "Value error, hires should be JSON",
      ])
    #expect(await post(bench, [Array("junk".utf8)]).json["code"] == "bad_form")
  }
}
