import Foundation
import Generation
import HTTP
import Images
import JSON
import Testing

@testable import API

/// What crosses to the engine for what was asked.
@Suite struct SteeringTests {
  private static func picture(_ width: Int, _ height: Int, _ value: UInt8 = 7) throws -> RGBImage {
    try #require(
      RGBImage(width: width, height: height, pixels: Array(repeating: value, count: 3 * width * height)))
  }

  private static func text(_ width: Int, _ height: Int, _ value: UInt8 = 7) throws -> String {
    Data(try PNG.encode(picture(width, height, value))).base64EncodedString()
  }

  private func post(_ bench: Bench, _ members: JSONObject) async -> HTTPResponse {
    var body: JSONObject = ["prompt": "a", "model": "pony", "seed": 3]
    for member in members.members { body[member.key] = member.value }
    return await bench.post(String(decoding: JSONValue.object(body).encoded(), as: UTF8.self))
  }

  private static func bench() throws -> Bench {
    let bench = try Bench()
    try bench.add("ip-adapter/one.safetensors", Bench.ipAdapter)
    try bench.add("ip-adapter/two.safetensors", Bench.ipAdapter)
    try bench.add("ip-adapter/image_encoder/model.safetensors", "vision_model.x")
    try bench.add("controlnet/edges-canny/diffusion_pytorch_model.safetensors", Bench.controlNet)
    return bench
  }

  @Test func references() async throws {
    let bench = try Self.bench()
    let one = JSONValue.string(try Self.text(300, 200))
    let reply = await post(
      bench,
      [
        "reference_image": one, "ip_adapter": "two", "ip_adapter_scale": 0.5, "ip_adapter_start": 0.1,
        "ip_adapter_end": 0.9, "ip_adapter_blocks": "style", "width": 64, "height": 128,
        "reference_images": [
          ["image": one, "face_embedding": [0.5, "-1", 2]],
          ["image": one, "weight": 2, "mask": .string(try Self.text(10, 10, 255))],
        ],
      ])
    #expect(reply.status == 200)
    let prompt = try #require(bench.engine.requests.first?.reference)
    #expect(prompt.adapter.name == "two")
    #expect(prompt.adapter.path == bench.folder.appending(path: "ip-adapter/two.safetensors").path)
    #expect(prompt.encoder.path == bench.folder.appending(path: "ip-adapter/image_encoder").path)
    #expect((prompt.scale, prompt.start, prompt.end, prompt.blocks) == (0.5, 0.1, 0.9, .style))
    #expect(prompt.combination == .concatenate)
    #expect(prompt.references.map(\.weight) == [1, 1, 2])
    #expect(prompt.references.map(\.face) == [nil, [0.5, -1, 2], nil])
    #expect(prompt.references.allSatisfy { $0.picture.width == 224 && $0.picture.height == 224 })
    let mask = try #require(prompt.references.last?.mask)
    #expect((mask.width, mask.height) == (64, 128))
    #expect(mask.pixels.allSatisfy { $0 == 255 })
    let told = reply.json["parameters"]?["reference"]
    #expect(told?["adapter"] == "two")
    #expect(told?["references"]?.arrayValue?.count == 3)
    #expect(told?["references"]?.arrayValue?.first?["sha256"]?.stringValue?.count == 64)
    let parameters = reply.json["parameters"]?.encoded() ?? []
    #expect(!String(decoding: parameters, as: UTF8.self).contains("iVBOR"))
  }

  @Test func theFirstAdapterIsTaken() async throws {
    let bench = try Self.bench()
    let body: JSONObject = ["reference_image": .string(try Self.text(8, 8))]
    #expect(await post(bench, body).status == 200)
    #expect(bench.engine.requests.first?.reference?.adapter.name == "one")
    #expect(bench.engine.requests.first?.reference?.scale == 0.7)
    let none = try await post(Bench(), body)
    #expect((none.status, none.json["code"]) == (503, "no_ip_adapter"))
    let unknown = await post(bench, body.with("ip_adapter", "../one"))
    #expect((unknown.status, unknown.json["code"]) == (404, "ip_adapter_not_found"))
    #expect(unknown.json["detail"] == "Unknown ip_adapter: ../one. Available: one, two")
  }

  @Test func imageToImage() async throws {
    let bench = try Self.bench()
    let reply = await post(bench, ["image": .string(try Self.text(203, 130)), "strength": 0.3])
    #expect(reply.status == 200)
    let request = try #require(bench.engine.requests.first)
    #expect((request.width, request.height) == (200, 128))
    let start = try #require(request.start)
    #expect((start.picture.width, start.picture.height, start.strength) == (200, 128, 0.3))
    #expect(start.mask == nil)
    #expect(request.plannedSteps == 7)
    #expect(reply.json["parameters"]?["steps_made"] == 7)
    #expect(reply.json["parameters"]?["strength"] == 0.3)
    #expect(try reply.chunks().first?.text.contains("Denoising strength: 0.3") == true)
  }

  /// The engine's picture is black; the original comes back where the mask is.
  @Test(arguments: [true, false]) func inpainting(composite: Bool) async throws {
    let engine = ScriptedEngine { request in
      var result = try GenerationResult.picture(of: request)
      result.image = try SteeringTests.picture(request.width, request.height, 0)
      return result
    }
    let bench = try Bench(engine: engine)
    let half = (0..<64 * 64).flatMap { [UInt8](repeating: $0 % 64 < 32 ? 0 : 255, count: 3) }
    let mask = try PNG.encode(try #require(RGBImage(width: 64, height: 64, pixels: half)))
    let reply = await post(
      bench,
      [
        "image": .string(try Self.text(64, 64, 99)), "mask": .string(Data(mask).base64EncodedString()),
        "mask_blur": 0, "composite": .bool(composite),
      ])
    let repaint = try #require(bench.engine.requests.first?.start?.mask)
    #expect(repaint.kind == .binary)
    #expect(repaint.mask.pixels == (0..<64 * 64).map { $0 % 64 < 32 ? 0 : 255 })
    let png = try #require(reply.json["image"]?.stringValue.flatMap { Data(base64Encoded: $0) })
    let left: UInt8 = composite ? 99 : 0
    #expect(
      try PNG.decode(Array(png)).pixels
        == (0..<64 * 64).flatMap { [UInt8](repeating: $0 % 64 < 32 ? left : 0, count: 3) })
    #expect(reply.json["parameters"]?["mask"]?["composite"] == .bool(composite))
  }

  @Test func theMaskedAreaAlone() async throws {
    let engine = ScriptedEngine { request in
      var result = try GenerationResult.picture(of: request)
      result.image = try SteeringTests.picture(request.width, request.height, 0)
      return result
    }
    let bench = try Bench(engine: engine)
    var pixels = [UInt8](repeating: 0, count: 3 * 100 * 80)
    for y in 20..<40 { for x in 30..<50 { for c in 0..<3 { pixels[3 * (100 * y + x) + c] = 255 } } }
    let mask = try PNG.encode(try #require(RGBImage(width: 100, height: 80, pixels: pixels)))
    let reply = await post(
      bench,
      [
        "image": .string(try Self.text(100, 80, 99)), "mask": .string(Data(mask).base64EncodedString()),
        "mask_blur": 0, "inpaint_masked_only": true, "inpaint_padding": 4, "width": 128, "height": 128,
      ])
    let start = try #require(bench.engine.requests.first?.start)
    #expect((start.picture.width, start.picture.height) == (128, 128))
    let png = try #require(reply.json["image"]?.stringValue.flatMap { Data(base64Encoded: $0) })
    let image = try PNG.decode(Array(png))
    #expect((image.width, image.height) == (100, 80))
    #expect(image.pixels == pixels.map { $0 == 255 ? 0 : 99 })
  }

  @Test func controls() async throws {
    let bench = try Self.bench()
    try bench.add("controlnet/depth.safetensors", Bench.controlNet)
    let image = JSONValue.string(try Self.text(64, 64))
    let body: JSONObject = ["width": 128, "height": 64]
    #expect(await post(bench, body.with("control", ["image": image, "type": "canny"])).status == 200)
    let canny = try #require(bench.engine.requests.last?.controls.first)
    #expect(canny.network.name == "edges-canny")
    #expect(canny.network.path == bench.folder.appending(path: "controlnet/edges-canny").path)
    #expect((canny.picture.width, canny.picture.height) == (128, 64))
    #expect((canny.scale, canny.start, canny.end) == (1, 0, 1))
    let two: JSONValue = [
      ["image": image, "model": "depth", "scale": 0.5], ["image": image, "model": "edges-canny", "end": 0.5],
    ]
    #expect(await post(bench, body.with("control", two)).status == 200)
    let controls = try #require(bench.engine.requests.last?.controls)
    #expect(controls.map(\.network.name) == ["depth", "edges-canny"])
    #expect((controls[0].scale, controls[1].end) == (0.5, 0.5))
    let unclear = await post(bench, body.with("control", ["image": image]))
    #expect((unclear.status, unclear.places) == (422, ["control.model"]))
    let unknown = await post(bench, body.with("control", [["image": image, "model": "x"]]))
    #expect(unknown.json["detail"] == "Unknown control model: x. Available: depth, edges-canny")
    let none = try await post(Bench(), body.with("control", ["image": image]))
    #expect((none.status, none.json["code"]) == (503, "no_control"))
    let depth = await post(bench, body.with("control", [["image": image, "type": "depth"]]))
    #expect((depth.status, depth.places) == (422, ["control.0.type"]))
    try bench.add("depth/small/model.safetensors", "backbone.x")
    #expect(await post(bench, body.with("control", [["image": image, "type": "depth"]])).status == 200)
    let seen = try #require(bench.engine.requests.last?.controls.first)
    #expect(seen.depthModel?.path == bench.folder.appending(path: "depth/small").path)
    #expect((seen.network.name, seen.picture.width) == ("depth", 128))
  }

  /// As the cases of the server before this one ask.
  @Test func aControlWhoseTypeNamesItsNetwork() async throws {
    let bench = try Self.bench()
    try bench.add("controlnet/tiny_control.safetensors", Bench.controlNet)
    try bench.add("controlnet/vae.safetensors", "decoder.conv_in.weight", [1, 4, 1, 1])
    let image = JSONValue.string(try Self.text(64, 64))
    func control(_ members: JSONObject) async -> HTTPResponse {
      await post(bench, ["control": .object(members.with("image", image)), "width": 64, "height": 64])
    }
    let reply = await control(["type": "tiny_control"])
    #expect(reply.status == 200)
    #expect(bench.engine.requests.last?.controls.first?.network.name == "tiny_control")
    let told = reply.json["parameters"]?["control"]?.arrayValue?.first
    #expect((told?["model"], told?["type"]) == ("tiny_control", "raw"))
    let expected = "Input should be 'raw', 'canny' or 'depth'"
    for wrong: JSONObject in [
      ["type": "tile"], ["type": 5], ["type": "tiny_control", "model": "tiny_control"],
    ] {
      let reply = await control(wrong)
      #expect((reply.status, reply.places, reply.messages) == (422, ["control.type"], [expected]), "\(wrong)")
      #expect(reply.json["detail"]?.arrayValue?.first?["type"] == "literal_error")
    }
    let foreign = await control(["type": "vae"])
    #expect((foreign.status, foreign.places) == (422, ["control.model"]))
    #expect(foreign.messages == ["Value error, vae.safetensors is a VAE, not a ControlNet"])
  }

  /// Nobody asked for it by name, so it has to be told which file is at fault.
  @Test func damagedFilesAreNamed() async throws {
    let bench = try Bench()
    let image = JSONValue.string(try Self.text(64, 64))
    let body: JSONObject = ["control": ["image": image, "type": "depth"], "width": 64, "height": 64]
    try bench.add("controlnet/net/diffusion_pytorch_model.safetensors", Bench.controlNet)
    let net = bench.folder.appending(path: "controlnet/net/diffusion_pytorch_model.safetensors")
    let sound = try Data(contentsOf: net)
    try Data("hello".utf8).write(to: net)
    let reply = await post(bench, body)
    #expect((reply.status, reply.json["code"]) == (503, "no_control"))
    let detail = try #require(reply.json["detail"]?.stringValue)
    #expect(detail.contains("(net: diffusion_pytorch_model.safetensors"), "\(detail)")
    #expect(!detail.contains(bench.folder.path))

    try sound.write(to: net)
    try bench.add("depth/small/model.safetensors", "x")
    try Data("hello".utf8).write(to: bench.folder.appending(path: "depth/small/model.safetensors"))
    let depth = await post(bench, body)
    #expect((depth.status, depth.json["code"]) == (503, "depth_model_not_loaded"))
    #expect(
      depth.json["detail"]?.stringValue?.hasPrefix("There is no depth model (small: model.safetensors")
        == true)
  }

  @Test func aidsAndTheSecondPass() async throws {
    let bench = try Bench()
    let reply = await post(
      bench,
      [
        "width": 64, "height": 72, "steps": 10, "pag_scale": 3, "pag_adaptive_scale": 0.2,
        "freeu": ["s1": 0.9, "s2": 0.2, "b1": 1.3, "b2": "1.4"],
        "hires": ["scale": 1.5, "upscaler": "picture"],
      ])
    let request = try #require(bench.engine.requests.first)
    #expect((request.perturbedAttention?.scale, request.perturbedAttention?.adaptiveScale) == (3, 0.2))
    #expect(request.freeU == FreeU(s1: 0.9, s2: 0.2, b1: 1.3, b2: 1.4))
    #expect(
      request.secondPass == SecondPass(width: 96, height: 104, steps: 10, strength: 0.5, upscaler: .picture))
    #expect(request.plannedSteps == 15)
    #expect(reply.json["parameters"]?["hires"]?["width"] == 96)
    #expect(reply.json["parameters"]?["steps_made"] == 10)
    let text = try reply.chunks().first?.text ?? ""
    #expect(text.contains("Denoising strength: 0.5"))
    #expect(text.contains("Hires resize: 96x104, Hires steps: 10, Hires upscaler: Lanczos"))
  }

  /// Each is the picture of a request for it alone, byte for byte.
  @Test func several() async throws {
    let bench = try Bench()
    let reply = await post(bench, ["n": 3, "seed": 41, "steps": 4])
    #expect(reply.json.keys == ["image", "images", "seed", "seeds", "parameters", "timings"])
    #expect((reply.json["seed"], reply.json["seeds"]) == (41, [41, 42, 43]))
    #expect(bench.engine.requests.map(\.seed) == [41, 42, 43])
    let images = try #require(reply.json["images"]?.arrayValue)
    #expect(images.first == reply.json["image"])
    for (index, image) in images.enumerated() {
      let seed = JSONValue.number(JSONNumber(41 + index))
      #expect(await post(bench, ["seed": seed, "steps": 4]).json["image"] == image)
    }
    #expect(reply.json["timings"]?["denoise"] == 3000.0)
    #expect(Route.picture.mismatches(reply.json) == [])
    let last = await post(bench, ["n": 2, "seed": 9_223_372_036_854_775_807])
    #expect((last.status, last.places) == (422, ["n"]))
  }

  @Test func eventsCountTheStepsOfAll() async throws {
    let bench = try Bench()
    let reply = await bench.ask(
      "POST", "/generate", id: "x", accept: "text/event-stream", body: #"{"prompt": "a", "n": 2, "steps": 4}"#
    )
    let events = await reply.events()
    let steps = events.filter { $0.name == "step" }
    #expect(steps.last?.data["step"] == 5 && steps.last?.data["steps"] == 8)
    #expect(events.last?.data["images"]?.arrayValue?.count == 2)
    #expect(await bench.job("x")["steps"] == 8)
  }

  @Test(
    arguments: [
      (["loras": [["name": "x"], ["name": "x"]]], ["loras.1.name"]),
      (["lora_name": "x", "loras": [["name": "x"]]], ["loras.0.name"]),
      (["ip_adapter": "one"], ["ip_adapter"]), (["mask": "PNG"], ["mask"]),
      (["image": "PNG", "strength": 0], ["strength"]), (["image": "PNG", "steps": 1], ["strength"]),
      (["image": "TINY"], ["width", "height"]), (["image": "TINY", "width": 64], ["height"]),
      (["image": "PNG", "inpaint_masked_only": true], ["inpaint_masked_only"]),
      (["inpaint_masked_only": true], ["inpaint_masked_only"]),
      (["image": "PNG", "mask": "BLACK", "inpaint_masked_only": true], ["mask"]),
      (
        ["image": "PNG", "mask": "PNG", "inpaint_masked_only": true, "composite": false],
        ["inpaint_masked_only"]
      ),
      (["reference_images": [["image": "PNG", "weight": 0]]], ["reference_images"]),
      (
        [
          "reference_image": "PNG", "reference_images": ["PNG", "PNG", "PNG", "PNG"], "ip_adapter_start": 0.9,
          "ip_adapter_end": 0.1,
        ],
        ["reference_image", "ip_adapter_start"]
      ),
      (["control": ["image": "PNG", "start": 0.5, "end": 0.5]], ["control.start"]),
      (["reference_image": "PNG", "ip_adapter_start": 0.5, "ip_adapter_end": 0.5], ["ip_adapter_start"]),
      (["control": [["image": "PNG", "low_threshold": 300]]], ["control.0.low_threshold"]),
      (["hires": [:]], ["hires"]), (["hires": ["scale": 2, "width": 2048]], ["hires"]),
      (["hires": ["width": 64, "height": 64]], ["hires"]), (["hires": ["scale": 4]], ["hires"]),
      (["hires": ["scale": 1, "strength": 0.01]], ["hires.strength"]),
      (
        ["hires": ["scale": 4], "cfg_start": 1, "cfg_end": 0, "ip_adapter": "one"],
        ["cfg_start", "ip_adapter", "hires"]
      ),
    ] as [(JSONObject, [String])])
  func whatDoesNotGoTogether(members: JSONObject, places: [String]) async throws {
    let bench = try Self.bench()
    let (large, tiny, black) = (
      try Self.text(64, 64, 200), try Self.text(40, 40), try Self.text(64, 64, 0)
    )
    func filled(_ value: JSONValue) -> JSONValue {
      switch value {
      case "PNG": .string(large)
      case "TINY": .string(tiny)
      case "BLACK": .string(black)
      case .array(let elements): .array(elements.map(filled))
      case .object(let object):
        .object(object.members.reduce(into: JSONObject()) { $0[$1.key] = filled($1.value) })
      default: value
      }
    }
    let reply = await post(bench, filled(.object(members)).objectValue ?? members)
    #expect((reply.status, reply.places) == (422, places), "\(reply.messages)")
    #expect(bench.engine.requests.isEmpty)
  }

  @Test func anImageThatIsTooLarge() async throws {
    let bench = try Bench { $0.maxPixels = 64 * 64 }
    let image = JSONValue.string(try Self.text(128, 72))
    let reply = await post(bench, ["image": image])
    #expect((reply.status, reply.places) == (422, ["image"]))
    #expect(
      reply.messages == [
        "Value error, the image is 128 x 72, over the limit of 4096 pixels; a width and a height should be given"
      ])
    let wide = await post(bench, ["image": image, "width": 64])
    #expect((wide.status, wide.places) == (422, ["width"]))
    #expect(await post(bench, ["image": image, "width": 64, "height": 64]).status == 200)
  }

  @Test func filesOfAnotherKind() async throws {
    let bench = try Bench()
    try bench.add("loras/vae.safetensors", "decoder.conv_in.weight", [1, 4, 1, 1])
    try Data("hello".utf8).write(to: bench.folder.appending(path: "loras/cut.safetensors"))
    let other = await post(bench, ["loras": [["name": "vae"]]])
    #expect((other.status, other.places) == (422, ["loras.0.name"]))
    #expect(other.messages == ["Value error, vae.safetensors is a VAE, not a LoRA"])
    let cut = await post(bench, ["lora_name": "cut"])
    #expect((cut.status, cut.places) == (422, ["lora_name"]))
    let unknown = await post(bench, ["lora_name": "../vae/x"])
    #expect((unknown.status, unknown.json["code"]) == (404, "lora_not_found"))
    #expect(unknown.json["detail"] == "Unknown lora: ../vae/x. Available: cut, vae")
  }

  @Test(arguments: [
    ("loras", "b.safetensors: tensor x is not of this model", 422, "loras.0.name"),
    ("ip_adapter", "one.safetensors: tensor x is missing", 503, "ip_adapter_not_loaded"),
    ("image_encoder", "model.safetensors: tensor x is missing", 503, "image_encoder_not_loaded"),
    ("vae", "two.safetensors: tensor x is missing", 503, "vae_not_loaded"),
    ("depth_model", "depth/small: tensor x is missing", 503, "depth_model_not_loaded"),
    ("mask", "needs one", 422, "mask"),
  ])
  func whatTheEngineRefuses(field: String, message: String, status: Int, place: String) async throws {
    let engine = ScriptedEngine { _ in throw GenerationError(.invalidRequest, message, field: field) }
    let bench = try Bench(engine: engine)
    for name in ["a", "b"] { try bench.add("loras/\(name).safetensors", Bench.lora) }
    try bench.add("ip-adapter/one.safetensors", Bench.ipAdapter)
    try bench.add("ip-adapter/image_encoder/model.safetensors", "vision_model.x")
    let reply = await post(
      bench,
      [
        "lora_name": "a", "loras": [["name": "b.safetensors"]],
        "reference_image": .string(try Self.text(8, 8)),
      ])
    #expect(reply.status == status)
    #expect(status == 422 ? reply.places == [place] : reply.json["code"] == .string(place))
  }

  /// Sampler and spacing are at fault together: the client is told of the one that it sent.
  @Test func aSpacingThatTheSamplerCannotStartFrom() async throws {
    let engine = ScriptedEngine { _ in
      throw GenerationError(.invalidRequest, "no signal", field: "timestep_spacing")
    }
    let bench = try Bench(engine: engine)
    for (members, place) in [
      (["timestep_spacing": "trailing"], "timestep_spacing"), (["scheduler": "ddim"], "scheduler"),
      (["timestep_spacing": "trailing", "scheduler": "ddim"], "timestep_spacing"),
    ] as [(JSONObject, String)] {
      let reply = await post(bench, members)
      #expect((reply.status, reply.places) == (422, [place]))
    }
    let reply = await post(bench, [:])
    #expect((reply.status, reply.json["code"]) == (503, "model_not_loaded"))
  }
}
