import CLIPTokenizer
import Foundation
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Textual inversions against diffusers (Tests/Fixtures/inversion), and where their vectors go.
@Suite struct TextualInversionTests {
  private struct Case: Decodable {
    let id: String, prompt: String, style: String
    let clipSkip: Int, count: Int, length: Int

    var reading: StableDiffusionXL.Prompt.Style {
      switch style {
      case "comfy": .comfy
      case "diffusers": .diffusers
      default: .a1111
      }
    }
  }

  private static func path(_ name: String) -> String {
    Fixture.path("Tests/Fixtures/inversion/\(name).safetensors")
  }

  private static func recorded(_ model: StableDiffusionXL) throws -> [TextualInversion] {
    try ["wisp", "one-mark"].map { try TextualInversion(name: $0, path: path($0), for: model) }
  }

  /// Every so many values of a context are recorded.
  private static let stride = 37

  @Test func everyStyle() throws {
    try onTorch {
      let model = try Pocket.load()
      let inversions = try Self.recorded(model)
      #expect(inversions.map(\.count) == [3, 1])
      let answers = try Recorded("inversion/contexts")
      let cases = try Fixture.decode("inversion/contexts.json", as: [Case].self)
      #expect(cases.count >= 9)
      for example in cases {
        let prompt = try model.prompt(
          example.prompt, style: example.reading, clipSkip: example.clipSkip, inversions: inversions)
        #expect(prompt.count == example.count, "\(example.id)")
        let encoded = try model.encode(prompt, windows: 0) {}
        #expect(encoded.context.size(1) == example.length, "\(example.id)")
        let values = try encoded.context.values(Float.self)
        let sampled = try Tensor(Swift.stride(from: 0, to: values.count, by: Self.stride).map { values[$0] })
        #expect(try difference(sampled, answers("\(example.id).context")) < 1e-5, "\(example.id)")
        #expect(
          try difference(encoded.pooled, answers("\(example.id).pooled")) < 1e-5, "\(example.id) pooled")
      }
    }
  }

  private static func inversion(_ name: String, _ count: Int = 1) -> TextualInversion {
    TextualInversion(name: name, count: count, first: [], second: [])
  }

  private static let vector = TokenReader.firstVector

  /// Which of two names of 3 and 2 vectors stand in a text.
  @Test(arguments: [
    ("a wisp", [0]), ("WISP,Wisp", [0]), ("wispy", []), ("awisp", []), ("wisp2", []), ("_wisp", []),
    ("éwisp", []),
    ("wisp\u{301}", []), ("wisp's", [0]), ("(wisp:1.2)", [0]), ("[[wisp]]", [0]), ("wisp-two", [1]),
    ("wisp-tw", [0]),
    ("wisp-twofold", [0]), ("a wisp-two wisp", [0, 1]), ("", []), ("wis p", []),
  ])
  func wholeWords(text: String, found: [Int]) throws {
    let model = try Pocket.load()
    let all = [Self.inversion("Wisp", 3), Self.inversion("wisp-two", 2)]
    for style in [StableDiffusionXL.Prompt.Style.a1111, .comfy, .diffusers] {
      let prompt = try model.prompt(text, style: style, inversions: all)
      #expect(prompt.inversionsUsed == found.map { all[$0] }, "\(text)")
    }
    #expect(InversionNames(all.map(\.name)).indices(in: text) == Set(found))
  }

  /// A name with letters that are syntax is written as any such text.
  @Test func escapedNames() throws {
    let model = try Pocket.load()
    let odd = Self.inversion("wisp(x)")
    #expect(try model.prompt("a wisp\\(x\\)", inversions: [odd]).inversionsUsed == [odd])
    #expect(InversionNames([odd.name]).indices(in: "a wisp\\(x\\)") == [0])
    #expect(try model.prompt("a wisp(x)", style: .diffusers, inversions: [odd]).inversionsUsed == [odd])
  }

  private func ids(_ text: String, _ style: StableDiffusionXL.Prompt.Style, _ all: [TextualInversion]) throws
    -> [[Int32]]
  {
    try Pocket.load().prompt(text, style: style, inversions: all).first.map { $0.tokens.map(\.id) }
  }

  @Test func markOfComfy() throws {
    let wisp = [Self.inversion("wisp", 2)]
    let cat = try #require(try ids("cat", .comfy, []).first?.first)
    #expect(try ids("embedding:wisp cat", .comfy, wisp) == [[Self.vector, Self.vector + 1, cat]])
    #expect(try ids("(embedding:Wisp:1.2)cat", .comfy, wisp) == [[Self.vector, Self.vector + 1, cat]])
    #expect(try ids("embedding:wispy", .comfy, wisp) == ids("embedding:wispy", .comfy, []))
    #expect(try ids("embedding:wisp", .a1111, wisp)[0].count > 2)
  }

  /// The vectors of one name are not parted by A1111's windows; ComfyUI's cut them as they cut long words.
  @Test func atTheEndOfAWindow() throws {
    let cats = Array(repeating: "cat", count: 72).joined(separator: " ")
    let (short, long) = ([Self.inversion("wisp", 4)], [Self.inversion("wisp", 8)])
    for style in [StableDiffusionXL.Prompt.Style.a1111, .comfy] {
      #expect(try ids("\(cats) wisp dog", style, short).map(\.count) == [72, 5])
      #expect(try ids("\(cats) wisp", style, [Self.inversion("wisp", 3)]).map(\.count) == [75])
    }
    #expect(try ids("\(cats) wisp dog", .diffusers, short).map(\.count) == [75, 2])
    #expect(try ids("\(cats) wisp dog", .a1111, long).map(\.count) == [72, 9])
    #expect(try ids("\(cats) wisp dog", .comfy, long).map(\.count) == [75, 6])
    // A full window turns at its last comma, as before a word.
    let listed = Array(repeating: "cat", count: 69).joined(separator: " ") + ", cat cat cat cat cat"
    #expect(try ids("\(listed) wisp", .a1111, short).map(\.count) == [70, 9])
    let whole = [Self.inversion("wisp", 75)]
    #expect(try ids("cat wisp dog", .a1111, whole).map(\.count) == [1, 75, 1])
  }

  @Test func vectorsWithoutEnd() throws {
    let model = try Pocket.load()
    let text = Array(repeating: "w", count: 5000).joined(separator: " ")
    #expect(throws: Never.self) { try model.prompt(text, inversions: [Self.inversion("w", 2)]) }
    #expect(throws: PromptError.self) { try model.prompt(text, inversions: [Self.inversion("w", 75)]) }
  }

  /// Same numbers, whatever the file calls them and how they are kept.
  @Test func otherNames() throws {
    let folder = try TemporaryFolder()
    try onTorch {
      let model = try Pocket.load()
      let wisp = try TextualInversion(name: "wisp", path: Self.path("wisp"), for: model)
      var copy = try SafetensorsCopy(path: Self.path("wisp"))
      copy.tensors = ["text_encoders_0": copy.tensors["clip_l"], "text_encoders_1": copy.tensors["clip_g"]]
        .compactMapValues { $0 }
      let path = try folder.write(copy.encoded(), to: "own.safetensors")
      #expect(try TextualInversion(name: "wisp", path: path, for: model) == wisp)
    }
  }

  private func refusal(_ change: (inout SafetensorsCopy) -> Void) throws -> String? {
    var copy = try SafetensorsCopy(path: Self.path("wisp"))
    change(&copy)
    let folder = try TemporaryFolder()
    let path = try folder.write(copy.encoded(), to: "own.safetensors")
    let error = #expect(throws: CheckpointError.self) {
      try onTorch { _ = try TextualInversion(name: "own", path: path, for: Pocket.load()) }
    }
    return error?.description
  }

  @Test func wrongFiles() throws {
    func expect(_ message: String, _ change: (inout SafetensorsCopy) -> Void) throws {
      #expect(try refusal(change) == "own.safetensors\(message)")
    }
    try expect(": tensor clip_g has shape [3, 128], expected [3, 64]") {
      $0.tensors["clip_g"] = .init(.float32, zeros: [3, 128])
    }
    try expect(": tensor clip_l has shape [96], expected [64]") {
      $0.tensors["clip_l"] = .init(.float32, zeros: [96])
    }
    try expect(": tensor clip_g has shape [2, 64], expected [3, 64]") {
      $0.tensors["clip_g"] = .init(.float32, zeros: [2, 64])
    }
    try expect(": tensor clip_g has shape [64], expected [3, 64]") {
      $0.tensors["clip_g"] = .init(.float32, zeros: [64])
    }
    try expect(": tensor clip_l has shape [0, 64], expected [1, 64]") {
      $0.tensors["clip_l"] = .init(.float32, zeros: [0, 64])
    }
    try expect(": tensor clip_l has shape [1, 3, 64], expected [1, 64]") {
      $0.tensors["clip_l"]?.shape = [1, 3, 64]
    }
    try expect(": tensor clip_g is missing") { $0.tensors["clip_g"] = nil }
    try expect(": tensor clip_x is not part of a textual inversion for SDXL") {
      $0.tensors["clip_x"] = $0.tensors.removeValue(forKey: "clip_l")
    }
    try expect(": tensor clip_l is I64, expected floating-point numbers") {
      $0.tensors["clip_l"] = .init(.int64, zeros: [3, 64])
    }
    try expect(": tensor clip_l: 76 vectors are more than the 75 of a window") {
      $0.tensors["clip_l"] = .init(.float32, zeros: [76, 64])
    }
    try expect(": tensor clip_g: not all of its numbers are finite") {
      $0.tensors["clip_g"]?.data = Data([0, 0, 0x80, 0x7F]) + Data(count: 3 * 64 * 4 - 4)
    }
    for name in ["emb_params", "string_to_param.*"] {
      try expect(
        ": tensor \(name) is for one text encoder, as in Stable Diffusion 1.x and 2.x; SDXL's two read clip_l and clip_g"
      ) { $0.tensors = [name: .init(.float32, zeros: [3, 64])] }
    }
    try expect(" is a LoRA, not a textual inversion for SDXL (tensor lora_unet_a.alpha)") {
      $0.tensors = ["lora_unet_a.alpha": .init(.float32, zeros: [])]
    }
    try expect(" is not a textual inversion for SDXL, nor of another kind that is known here (tensor <cat>)")
    {
      $0.tensors = ["<cat>": .init(.float32, zeros: [3, 64])]
    }
    try expect(" is a file without tensors, not a textual inversion for SDXL") { $0.tensors = [:] }
  }
}
