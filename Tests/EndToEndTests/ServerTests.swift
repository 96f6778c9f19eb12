import Foundation
import Images
import JSON
import TestSupport
import Testing

/// One server after another: each has an engine that uses every core.
@Suite(.serialized) struct ServerTests {
  private func picture(_ reply: RunningServer.Reply) throws -> (png: [UInt8], image: RGBImage) {
    guard case .string(let base64)? = try reply.json()["image"], let data = Data(base64Encoded: base64) else {
      throw RunningServer.BadReply(text: String(decoding: reply.body.prefix(500), as: UTF8.self))
    }
    return (Array(data), try PNG.decode(Array(data)))
  }

  /// The mean colour of the four corners: the background.
  private func background(_ image: RGBImage) -> [Int] {
    let side = 16
    return (0..<3).map { channel in
      var sum = 0
      for y in [0, image.height - side] {
        for x in [0, image.width - side] {
          for row in y..<(y + side) {
            for column in x..<(x + side) {
              sum += Int(image.pixels[3 * (row * image.width + column) + channel])
            }
          }
        }
      }
      return sum / (4 * side * side)
    }
  }

  @Test func drawsTheBackgroundThePromptSays() async throws {
    let server = try RunningServer(models: Repository.models.path)
    try await server.wait(for: "/readyz")
    let colours: [(String, [Int])] = [
      ("red", [220, 40, 40]), ("blue", [40, 80, 220]), ("green", [40, 160, 60]), ("white", [250, 250, 250]),
      ("black", [15, 15, 15]), ("yellow", [240, 220, 40]),
    ]
    for (name, _) in colours {
      let object = name == "white" ? "a red circle" : "a white square"
      let reply = try server.curl(
        "/generate", body: #"{"prompt": "\#(object) on a \#(name) background", "model": "pocket", "seed": 3}"#
      )
      #expect(reply.status == 200)
      let seen = background(try picture(reply).image)
      func distance(_ colour: [Int]) -> Int { zip(seen, colour).reduce(0) { $0 + abs($1.0 - $1.1) } }
      let nearest = colours.min { distance($0.1) < distance($1.1) }?.0
      #expect(nearest == name, "the background of '\(name)' came out as \(seen)")
    }
  }

  @Test func answersAsItsContractSays() async throws {
    let server = try RunningServer(models: Repository.models.path)
    try await server.wait(for: "/readyz")
    let health = try server.curl("/health").json()
    #expect(
      health.members.prefix(7).map(\.key) == [
        "status", "current_model", "available_models", "ip_adapter_loaded", "cuda_available", "gpu_name",
        "vram_allocated_gb",
      ])
    #expect(health["available_models"] == ["pocket"])
    #expect(health["current_model"] == .null && health["ip_adapter_loaded"] == false)
    #expect(try server.curl("/healthz").body == Array("ok\n".utf8))
    let body = #"{"prompt": "a cat", "width": 64, "height": 64, "steps": 2, "seed": 1}"#
    let first = try server.curl("/generate", body: body)
    #expect(first.status == 200)
    #expect(try server.curl("/", body: body).json()["image"] == first.json()["image"])
    let later = try server.curl("/health").json()
    #expect(later["current_model"] == "pocket" && later["ip_adapter_loaded"] == true)
    #expect(try PNG.text(in: picture(first).png).map(\.keyword) == ["parameters", "darkroom"])
    #expect(try server.curl("/generate", body: #"{"prompt": 1}"#).status == 422)
    #expect(try server.curl("/generate", body: #"{"prompt": "x", "model": "pony"}"#).status == 503)
    #expect(try server.curl("/nowhere").status == 404)
    #expect(try server.curl("/generate", body: #"{"prompt": "(cat:1.2.3)"}"#).status == 422)
    #expect(try server.curl("/generate", body: #"{"prompt": "x", "vae": "nope"}"#).status == 404)
  }

  @Test func badCheckpointsAreNamedAndTheOthersServe() async throws {
    let folder = try TemporaryFolder.withPocket()
    let pocket = try CheckpointBytes(Repository.models.appendingPathComponent("pocket.safetensors"))
    let toml = try String(
      contentsOf: Repository.models.appendingPathComponent("pocket.toml"), encoding: .utf8)
    func register(_ id: String, _ bytes: CheckpointBytes) throws {
      try bytes.write(to: folder.path("\(id).safetensors"))
      var lines = toml.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      lines = lines.filter { !$0.hasPrefix("aliases") && !$0.hasPrefix("sha256") }.map { line in
        if line.hasPrefix("id ") || line.hasPrefix("id=") { return "id = \"\(id)\"" }
        return line.hasPrefix("file") ? "file = \"\(id).safetensors\"" : line
      }
      try lines.joined(separator: "\n").write(
        toFile: folder.path("\(id).toml"), atomically: true, encoding: .utf8)
    }
    var truncated = pocket
    truncated.bytes.removeLast(1000)
    try register("truncated", truncated)
    var renamed = pocket
    try renamed.rename("first_stage_model.quant_conv.bias", "first_stage_model.quant_conv.bios")
    try register("renamed", renamed)
    var garbage = pocket
    garbage.bytes = Array("this is no checkpoint at all".utf8)
    try register("garbage", garbage)

    let server = try RunningServer(models: folder.path)
    try await server.wait(for: "/readyz")
    func ask(_ model: String) throws -> RunningServer.Reply {
      try server.curl(
        "/generate",
        body: #"{"prompt": "a cat", "model": "\#(model)", "width": 64, "height": 64, "steps": 1, "seed": 1}"#)
    }
    let before = try ask("pocket")
    #expect(before.status == 200)
    for (model, word) in [
      ("truncated", "truncated.safetensors"), ("renamed", "quant_conv.bi"),
      ("garbage", "garbage.safetensors"),
    ] {
      let reply = try ask(model)
      #expect(reply.status == 503)
      let text = String(decoding: reply.body, as: UTF8.self)
      #expect(
        text.contains("Model not loaded: \(model)") && text.contains(word)
          && text.contains("\(model).safetensors"))
      #expect(!text.contains(folder.path))
    }
    #expect(try ask("pocket").json()["image"] == before.json()["image"])
  }

  @Test func theHashIsThatOfTheFileThatMadeThePicture() async throws {
    let folder = try TemporaryFolder.withPocket()
    try FileManager.default.removeItem(atPath: folder.path("pocket.safetensors"))
    let original = Repository.models.appendingPathComponent("pocket.safetensors")
    try FileManager.default.copyItem(atPath: original.path, toPath: folder.path("pocket.safetensors"))
    let server = try RunningServer(models: folder.path)
    try await server.wait(for: "/readyz")
    let body = #"{"prompt": "a cat", "width": 64, "height": 64, "steps": 2, "seed": 1}"#
    func hash(_ reply: RunningServer.Reply) throws -> JSONValue? {
      try reply.json()["parameters"]?["model_hash"]
    }
    let toml = try String(contentsOfFile: folder.path("pocket.toml"), encoding: .utf8)
    let first = try #require(try hash(server.curl("/generate", body: body))?.stringValue)
    #expect(toml.contains(first))

    // Another file takes the name while a picture is made: its hash must not be told for the old weights.
    let running = server.posting(#"{"prompt": "a cat", "width": 256, "height": 256, "steps": 60, "seed": 1}"#)
    try await Task.sleep(for: .seconds(1))
    var other = try CheckpointBytes(original)
    try other.fill("model.diffusion_model.out.2.bias", float16: 0x3000)
    try other.write(to: folder.path("other"))
    #expect(rename(folder.path("other"), folder.path("pocket.safetensors")) == 0)
    #expect(try hash(await running.value) == .string(first))
    let second = try #require(try hash(server.curl("/generate", body: body))?.stringValue)
    #expect(second != first)
  }

  @Test func withoutAVocabularyItIsNotReady() async throws {
    // Away from the source tree, whose vocabulary would do.
    let folder = try TemporaryFolder()
    for name in ["darkroom", "darkroom-engine"] {
      try FileManager.default.copyItem(
        atPath: Repository.products.appendingPathComponent(name).path, toPath: folder.path(name))
    }
    let models = try TemporaryFolder.withPocket()
    try FileManager.default.removeItem(atPath: models.path("tokenizer"))
    let server = try RunningServer(
      models: models.path, arguments: ["--engine", folder.path("darkroom-engine")])
    try await server.wait(for: "/readyz", status: 503)
    let deadline = ContinuousClock.now + .seconds(20)
    var reason = ""
    while !reason.contains("fetch-vocabulary"), ContinuousClock.now < deadline {
      reason = try server.curl("/readyz").json()["reason"]?.stringValue ?? ""
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(reason.contains("scripts/fetch-vocabulary"))
  }

  @Test func anEngineThatIsKilledIsReplaced() async throws {
    let server = try RunningServer(models: Repository.models.path)
    try await server.wait(for: "/readyz")
    let short = #"{"prompt": "a cat", "width": 64, "height": 64, "steps": 2, "seed": 1}"#
    let before = try server.curl("/generate", body: short)
    let victim = try server.enginePID()
    let running = server.posting(#"{"prompt": "a cat", "steps": 150, "width": 512, "height": 512}"#)
    try await Task.sleep(for: .seconds(1))
    let queued = server.posting(short)
    try await Task.sleep(for: .milliseconds(300))
    kill(victim, SIGKILL)
    let lost = try await running.value
    #expect(lost.status == 503)
    #expect(try lost.json()["code"] == "engine_unavailable")
    // The one that waited is kept.
    let kept = try await queued.value
    #expect(kept.status == 200)
    #expect(try kept.json()["image"] == before.json()["image"])
    #expect(try server.enginePID() != victim)
  }

  @Test func aServerThatIsKilledLeavesNothingBehind() async throws {
    let first = try RunningServer(models: Repository.models.path)
    try await first.wait(for: "/readyz")
    let engine = try first.enginePID()
    let running = first.posting(#"{"prompt": "a cat", "steps": 150, "width": 512, "height": 512}"#)
    try await Task.sleep(for: .seconds(1))
    kill(first.process.processIdentifier, SIGKILL)
    _ = try await running.value
    let deadline = ContinuousClock.now + .seconds(10)
    while kill(engine, 0) == 0, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(kill(engine, 0) != 0, "the engine outlived its server")
    let second = try RunningServer(models: Repository.models.path, port: first.port)
    try await second.wait(for: "/readyz")
  }

  @Test func aClientThatHangsUpFreesTheEngine() async throws {
    let server = try RunningServer(models: Repository.models.path)
    try await server.wait(for: "/readyz")
    let short = #"{"prompt": "a cat", "width": 64, "height": 64, "steps": 2, "seed": 1}"#
    let before = try server.curl("/generate", body: short)
    let long = #"{"prompt": "a cat", "steps": 150, "width": 512, "height": 512}"#
    #expect(try server.curl("/generate", body: long, seconds: 1).status == 0)
    let start = ContinuousClock.now
    #expect(try server.curl("/generate", body: short).json()["image"] == before.json()["image"])
    // 150 steps at that size take far longer on any machine.
    #expect(ContinuousClock.now - start < .seconds(15))
  }

  @Test func stopsWhenTold() async throws {
    let server = try RunningServer(models: Repository.models.path)
    try await server.wait(for: "/readyz")
    let engine = try server.enginePID()
    server.process.terminate()
    server.process.waitUntilExit()
    #expect(server.process.terminationStatus == 0)
    #expect(kill(engine, 0) != 0)
  }
}
