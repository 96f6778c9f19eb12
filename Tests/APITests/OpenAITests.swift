import Access
import Foundation
import Generation
import HTTP
import Images
import JSON
import Scheduling
import Testing

@testable import API

/// Held to OpenAI's API reference (Images, Models) and to what its Python client reads of errors.
@Suite struct OpenAIImagesTests {
  private func generate(_ body: String, _ bench: Bench? = nil) async throws -> HTTPResponse {
    try await (bench ?? Bench()).post(body, to: "/v1/images/generations")
  }

  @Test func aPicture() async throws {
    let bench = try Bench()
    let reply = try await generate(
      """
      {"prompt": "a cat", "model": "anime", "n": 1, "size": "640x512", "response_format": "b64_json",
       "quality": "auto", "style": "vivid", "background": "auto", "output_format": "png", "user": "u",
       "stream": false, "partial_images": 0, "moderation": "low", "output_compression": 50,
       "negative_prompt": "dog", "seed": 7, "steps": 9, "cfg_scale": 4.5, "scheduler": "euler"}
      """, bench)
    #expect(reply.status == 200)
    let asked = try #require(bench.engine.requests.first)
    #expect((asked.prompt, asked.negativePrompt, asked.model.id) == ("a cat", .text("dog"), "animagine"))
    #expect((asked.width, asked.height, asked.steps, asked.seed) == (640, 512, 9, 7))
    #expect((asked.cfgScale, asked.scheduler.name) == (4.5, .euler))
    let base64 = try #require(reply.json["data"]?.arrayValue?.first?["b64_json"]?.stringValue)
    let png = Array(try #require(Data(base64Encoded: base64)))
    #expect(try ImageDecoder.decode(png).pixels.allSatisfy { $0 == 7 })
    #expect(try PNG.text(in: png).contains { $0.keyword == "darkroom" })
    #expect((reply.json["output_format"], reply.json["background"]) == ("png", "opaque"))
    // Of the picture that was made: the scripted engine's is always as small.
    #expect(reply.json["size"] == "8x8")
    let created = try #require(reply.json["created"]?.numberValue?.int)
    #expect(abs(created - Int(Date().timeIntervalSince1970)) < 60)
    let usage = try #require(reply.json["usage"])
    #expect((usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (4, 0, 4))
  }

  @Test func defaults() async throws {
    let bench = try Bench()
    let body = #"{"prompt": "", "response_format": "b64_json", "size": "auto", "n": null, "user": null}"#
    #expect(try await generate(body, bench).status == 200)
    let asked = try #require(bench.engine.requests.first)
    #expect((asked.width, asked.height, asked.model.id) == (832, 1216, "animagine"))
  }

  @Test(arguments: [
    (#"{"n": 1}"#, "prompt", "missing_required_parameter"), (#"{"prompt": 1}"#, "prompt", "invalid_type"),
    (#"{"prompt": null}"#, "prompt", "invalid_type"), (#"{"prompt": "a", "n": 0}"#, "n", "invalid_value"),
    (#"{"prompt": "a", "n": 11}"#, "n", "invalid_value"), (#"{"prompt": "a", "n": 2}"#, "n", "invalid_value"),
    (#"{"prompt": "a", "n": 1.5}"#, "n", "invalid_type"),
    (#"{"prompt": "a", "n": "x"}"#, "n", "invalid_type"),
    (#"{"prompt": "a", "siez": "auto"}"#, "siez", "unknown_parameter"),
    (#"{"prompt": "a"}"#, "response_format", "invalid_value"),
    (#"{"prompt": "a", "response_format": "url"}"#, "response_format", "invalid_value"),
    (#"{"prompt": "a", "response_format": "png"}"#, "response_format", "invalid_value"),
    (#"{"prompt": "a", "stream": true}"#, "stream", "invalid_value"),
    (#"{"prompt": "a", "partial_images": 1}"#, "partial_images", "invalid_value"),
    (#"{"prompt": "a", "partial_images": 4}"#, "partial_images", "invalid_value"),
    (#"{"prompt": "a", "output_format": "jpeg"}"#, "output_format", "invalid_value"),
    (#"{"prompt": "a", "background": "transparent"}"#, "background", "invalid_value"),
    (#"{"prompt": "a", "quality": "hd"}"#, "quality", "invalid_value"),
    (#"{"prompt": "a", "style": "natural"}"#, "style", "invalid_value"),
    (#"{"prompt": "a", "output_compression": 101}"#, "output_compression", "invalid_value"),
    (#"{"prompt": "a", "seed": -2}"#, "seed", "invalid_value"),
    (#"{"prompt": "a", "scheduler": "none"}"#, "scheduler", "invalid_value"),
    (#"{"prompt": "a", "size": 5}"#, "size", "invalid_type"),
  ])
  func wrongFields(body: String, field: String, code: String) async throws {
    let bench = try Bench()
    let reply = try await generate(body, bench)
    #expect(reply.status == 400)
    let error = try #require(reply.json["error"])
    #expect(error.keys == ["message", "type", "param", "code"])
    #expect((error["type"], error["param"]) == ("invalid_request_error", .string(field)))
    #expect(error["code"] == .string(code))
    #expect(error["message"]?.stringValue?.contains(field) == true)
    #expect(reply.headers["X-Should-Retry"] == nil)
    #expect(bench.engine.requests.isEmpty)
  }

  @Test(arguments: [
    "0x0", "-1x-1", "abc", "1024x1024x3", "1x", "x1", "1024X1024 ", "../x", "", "1024x", "0512x512", "64x056",
    "63x64", "64x2056", "513x512", "2048x99999", "1e3x512", "512×512", "512 x512", "+512x512", "AUTO",
  ])
  func wrongSizes(size: String) async throws {
    let body = #"{"prompt": "a", "response_format": "b64_json", "size": "\#(size)"}"#
    let error = try await generate(body).json["error"]
    #expect((error?["param"], error?["code"]) == ("size", "invalid_value"))
  }

  @Test func theAreaHasALimitToo() async throws {
    let bench = try Bench { $0.maxPixels = 512 * 512 }
    let body = #"{"prompt": "a", "response_format": "b64_json", "size": "520x512"}"#
    let error = try await generate(body, bench).json["error"]
    #expect(error?["param"] == "size")
    #expect(error?["message"] == "size: 520 x 512 is over the limit of 262144 pixels")
  }

  @Test func allMistakesAreTold() async throws {
    let error = try await generate(#"{"n": 0, "x": 1}"#).json["error"]
    #expect(error?["param"] == "prompt")
    let message = try #require(error?["message"]?.stringValue)
    for name in ["prompt", "n", "x"] { #expect(message.contains("\(name): ")) }
  }

  @Test func unknownModels() async throws {
    let body = #"{"prompt": "a", "response_format": "b64_json", "model": "dall-e-9"}"#
    let reply = try await generate(body)
    #expect(reply.status == 404)
    let error = try #require(reply.json["error"])
    #expect((error["param"], error["code"]) == ("model", "model_not_found"))
    #expect(error["message"] == "Unknown model: dall-e-9. Available: animagine, pony")
  }

  /// What is refused before the route is reached has the same form.
  @Test func everyErrorHasTheForm() async throws {
    let table = try TokenTable(text: "anna sesame")
    let bench = try Bench { $0.tokens = { table } }
    let host = [("Host", "localhost")]
    let token = host + [("Authorization", "Bearer sesame")]
    for (status, method, path, headers) in [
      (401, "POST", "/v1/images/generations", host), (401, "GET", "/v1/models/x", host),
      (405, "GET", "/v1/images/generations", token), (405, "POST", "/v1/models", token),
      (415, "POST", "/v1/images/generations", token), (415, "POST", "/v1/images/edits", token),
      (404, "GET", "/v1/models/x", token), (421, "GET", "/v1/models", [("Host", "evil.example")]),
      (403, "POST", "/v1/images/edits", token + [("Origin", "null")]),
    ] {
      let reply = await bench.send(method, path, headers: headers)
      #expect(reply.status == status)
      #expect(reply.json.keys == ["error"], "\(status) \(path)")
      #expect(reply.json["error"]?["message"]?.stringValue?.isEmpty == false)
    }
    #expect(
      await bench.send("GET", "/v1/images/generations", headers: token).headers["Allow"] == "POST, OPTIONS")
  }

  /// Its client waits as these say, and tries again only where it may.
  @Test func whetherToTryAgain() async throws {
    let full = try Bench(queue: JobQueue(limit: 0))
    let body = #"{"prompt": "a", "response_format": "b64_json"}"#
    let busy = try await generate(body, full)
    #expect((busy.status, busy.json["error"]?["type"]) == (429, "rate_limit_error"))
    let seconds = try #require(busy.headers["Retry-After"].flatMap { Int($0) })
    #expect(busy.headers["Retry-After-Ms"] == "\(seconds * 1000)")
    #expect(busy.headers["X-Should-Retry"] == "true")
    let absent = try await generate(#"{"prompt": "a", "response_format": "b64_json", "model": "noobai"}"#)
    #expect((absent.status, absent.json["error"]?["type"]) == (503, "server_error"))
    #expect((absent.headers["Retry-After"], absent.headers["X-Should-Retry"]) == (nil, "false"))
  }

  @Test(arguments: ["[]", "\"a\"", "null", "", "{", #"{"prompt": "a", "prompt": "b"}"#])
  func brokenBodies(body: String) async throws {
    let reply = try await generate(body)
    #expect((reply.status, reply.json.keys) == (400, ["error"]))
  }
}

@Suite struct OpenAIModelsTests {
  @Test func models() async throws {
    let reply = try await Bench().send("GET", "/v1/models")
    #expect((reply.status, reply.json["object"]) == (200, "list"))
    let models = reply.json["data"]?.arrayValue ?? []
    // Only what can be used now.
    #expect(models.map { $0["id"] } == ["animagine", "pony"])
    #expect(models.first?.keys == ["id", "object", "created", "owned_by"])
  }

  @Test func oneModel() async throws {
    let bench = try Bench()
    for name in ["animagine", "anime"] {
      let reply = await bench.send("GET", "/v1/models/\(name)")
      #expect((reply.status, reply.json["id"], reply.json["object"]) == (200, .string(name), "model"))
    }
    for name in ["noobai", "gpt-image-1", "x y"] {
      let reply = await bench.send("GET", "/v1/models/\(name)")
      #expect((reply.status, reply.json["error"]?["code"]) == (404, "model_not_found"))
    }
  }
}

/// The multipart rows follow RFC 7578; the parser has its own suite.
@Suite struct OpenAIEditsTests {
  private struct Part {
    var name: String
    var filename: String?
    var body: [UInt8]

    static func text(_ name: String, _ text: String) -> Part { Part(name: name, body: Array(text.utf8)) }

    static func file(_ name: String, _ bytes: [UInt8]) -> Part {
      Part(name: name, filename: "../../x.png", body: bytes)
    }
  }

  private static func png(_ width: Int, _ height: Int) throws -> [UInt8] {
    let pixels = [UInt8](repeating: 9, count: 3 * width * height)
    return try PNG.encode(try #require(RGBImage(width: width, height: height, pixels: pixels)))
  }

  private func send(
    _ parts: [Part], type: String = "multipart/form-data; boundary=xyz", to bench: Bench? = nil
  ) async throws -> HTTPResponse {
    var body: [UInt8] = []
    for part in parts {
      let file = part.filename.map { "; filename=\"\($0)\"\r\nContent-Type: image/png" } ?? ""
      body += Array("--xyz\r\nContent-Disposition: form-data; name=\"\(part.name)\"\(file)\r\n\r\n".utf8)
      body += part.body + Array("\r\n".utf8)
    }
    body += Array("--xyz--\r\n".utf8)
    let request = HTTPRequest(
      method: "POST", target: "/v1/images/edits", path: "/v1/images/edits",
      headers: ["Host": "localhost", "Content-Type": type], body: body, remoteAddress: "127.0.0.1")
    switch try (bench ?? Bench()).service.respond(to: request) {
    case .now(let response, _): return response
    case .later(_, let work): return await work()
    }
  }

  private static let good: [Part] = [.text("prompt", "a"), .text("response_format", "b64_json")]

  @Test func whatIsRightIsNotSupportedYet() async throws {
    let image = try Self.png(16, 8)
    for names in [["image"], ["image[]", "image[]", "image[]", "image[]"], ["image", "image[]"]] {
      let reply = try await send(
        Self.good + names.map { .file($0, image) } + [
          .file("mask", image), .text("n", "1"), .text("size", "auto"), .text("seed", "5"),
          .text("stream", "false"),
        ])
      #expect((reply.status, reply.json["error"]?["code"]) == (400, "not_supported"))
    }
  }

  @Test func unknownModels() async throws {
    let reply = try await send(
      Self.good + [.file("image", try Self.png(8, 8)), .text("model", "no-such-model")])
    #expect((reply.status, reply.json["error"]?["param"]) == (404, "model"))
  }

  @Test func wrongParts() async throws {
    let (image, other) = (try Self.png(16, 8), try Self.png(8, 16))
    let jpeg = try JPEG.encode(try ImageDecoder.decode(image))
    // A header that claims 50,000 x 50,000 pixels.
    var bomb = image
    bomb.replaceSubrange(16..<24, with: [0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50])
    let rows: [([Part], String)] = [
      ([], "image"), ([.text("image", "")], "image"), ([.file("image", Array("GIF89a".utf8))], "image"),
      ([.file("image", bomb)], "image"), ([.file("image", Array(image.dropLast(20)))], "image"),
      ([.file("image", Array(repeating: 0, count: 5 << 20 | 1))], "image"),
      (Array(repeating: .file("image[]", image), count: 5), "image"),
      ([.file("image", image), .file("mask", jpeg)], "mask"),
      ([.file("image", image), .file("mask", other)], "mask"),
      ([.file("image", image), .file("mask", image), .file("mask", image)], "mask"),
      ([.file("image", image), .text("n", "99999999999999999999")], "n"),
      ([.file("image", image), .text("prompt", "b")], "prompt"),
      ([.file("image", image), .text("x", "b")], "x"),
      ([.file("image", image), Part(name: "user", body: [0xFF])], "user"),
      ([.file("image", image), .text("size", "1x")], "size"),
    ]
    for (parts, field) in rows {
      let reply = try await send(Self.good + parts)
      #expect((reply.status, reply.json["error"]?["param"]) == (400, .string(field)), "\(field)")
    }
    let promptless = try await send([.file("image", image)])
    #expect((promptless.status, promptless.json["error"]?["param"]) == (400, "prompt"))
  }

  @Test(arguments: [
    ("application/json", 415), ("multipart/mixed; boundary=xyz", 415), ("multipart/form-data", 400),
    ("multipart/form-data; boundary=", 400), ("multipart/form-data; boundary=other", 400),
  ])
  func noForms(type: String, status: Int) async throws {
    let reply = try await send(Self.good, type: type)
    #expect((reply.status, reply.json.keys) == (status, ["error"]))
  }
}
