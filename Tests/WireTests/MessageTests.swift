import Generation
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
