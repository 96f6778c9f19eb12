import Generation
import Images
import Testing
import Wire

struct MessageTests {
  @Test("Every command survives the wire")
  func commands() throws {
    var asked = request("日本語 \"quoted\"\n\u{1F600}\u{0}", seed: UInt64(Int64.max))
    asked.negativePrompt = .text("")
    asked.model.prediction = .vPrediction
    asked.cfgScale = 0.1 + 0.2
    let commands: [EngineCommand] = [
      .generate(job: .max, request: asked), .generate(job: 0, request: request("")),
      .load(job: 2, model: asked.model), .cancel(job: 3),
    ]
    for command in commands { #expect(try Frame(command).message(EngineCommand.self) == command) }
  }

  @Test("A request with pictures survives the wire, its pixels beside the JSON")
  func pictures() throws {
    func picture(_ seed: UInt8) throws -> RGBImage {
      try #require(RGBImage(width: 5, height: 3, pixels: (0..<45).map { $0 &* 7 &+ seed }))
    }
    let mask = try #require(GrayImage(width: 5, height: 3, pixels: Array(0..<15)))
    var asked = request("a cat")
    asked.loras = [LoRASelection(AdapterFile(name: "crayon", path: "/l"), scale: -0.5)]
    asked.embeddings = [AdapterFile(name: "style", path: "/e")]
    var references = ReferencePrompt(
      adapter: AdapterFile(name: "ip", path: "/i"), encoder: AdapterFile(name: "image_encoder", path: "/c"),
      references: [.init(try picture(1), weight: 2, mask: mask), .init(try picture(2))])
    (references.combination, references.blocks) = (.average, .styleAndComposition)
    asked.reference = references
    asked.start = StartingPicture(
      try picture(3), strength: 0.6, mask: RepaintMask(mask, kind: .soft))
    asked.controls = [ControlPrompt(AdapterFile(name: "canny", path: "/n"), picture: try picture(4))]
    asked.perturbedAttention = PerturbedAttentionGuidance(scale: 3)
    asked.freeU = FreeU(s1: 0.9, s2: 0.2, b1: 1.3, b2: 1.4)
    asked.secondPass = SecondPass(width: 128, height: 96, steps: 7)
    let frame = try Frame(EngineCommand.generate(job: 1, request: asked))
    #expect(try frame.message(EngineCommand.self) == .generate(job: 1, request: asked))
    #expect(frame.attachment.count == 4 * 45 + 2 * 15)
    #expect(frame.header.count < 4000)
    let short = try Frame(header: frame.header, attachment: Array(frame.attachment.dropLast()))
    #expect(throws: WireError.badHeader(expected: "EngineCommand")) { try short.message(EngineCommand.self) }
  }

  @Test("Every event survives the wire")
  func events() throws {
    let status = EngineStatus(
      state: .ready, model: "m", device: "cuda:0", deviceName: "GPU", cudaAvailable: true,
      allocatedBytes: 1 << 40, dtype: "float16", libtorch: "2.6.0")
    let events: [EngineEvent] = [
      .status(status), .status(EngineStatus(state: .ready)),
      .loading(job: 1, model: "m", bytes: 3, total: 6_938_040_682),
      .step(job: 1, 1, of: 28),
      .preview(job: 1, width: 104, height: 152),
      .finished(job: 1, report: sampleReport, width: 1024, height: 768), .loaded(job: 1),
      .failed(job: 1, GenerationError(.outOfMemory, "Out of memory.", field: "width")),
      .cancelled(job: 1),
    ]
    for event in events { #expect(try Frame(event).message(EngineEvent.self) == event) }
    let greeting = Greeting(status: status)
    #expect(greeting.protocolVersion == wireVersion)
    #expect(try Frame(greeting).message(Greeting.self) == greeting)
  }

  @Test(
    "A header that is not the message is refused",
    arguments: [
      "", "{", "nonsense", "null", "{}", "[]", "{\"cancel\":{}}", "{\"cancel\":{\"job\":-1}}",
      "{\"cancel\":{\"job\":1.5}}", "{\"cancel\":{\"job\":1}} x", "{\"reboot\":{\"job\":1}}",
      "{\"cancel\":{\"job\":1},\"load\":{}}",
    ])
  func badHeader(text: String) throws {
    let frame = try Frame(header: Array(text.utf8))
    #expect(throws: WireError.badHeader(expected: "EngineCommand")) { try frame.message(EngineCommand.self) }
  }

  @Test("A header that is not UTF-8 is refused")
  func invalidText() throws {
    let (before, after) = ("{\"load\":{\"job\":1,\"model\":{\"id\":\"", "\",\"path\":\"/m\"}}}")
    let frame = try Frame(header: Array(before.utf8) + [0xff] + Array(after.utf8))
    #expect(throws: WireError.badHeader(expected: "EngineCommand")) { try frame.message(EngineCommand.self) }
  }

  @Test("A number JSON cannot hold is refused when sending")
  func notFinite() {
    var asked = request("x")
    asked.cfgScale = .nan
    #expect(throws: WireError.badHeader(expected: "EngineCommand")) {
      try Frame(EngineCommand.generate(job: 1, request: asked))
    }
  }
}
