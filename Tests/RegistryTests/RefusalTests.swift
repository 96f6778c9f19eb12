import Foundation
import TestSupport
import Testing

@testable import Registry

/// A model file that is wrong in one place, and what is said of it.
struct Refusal: Sendable, CustomTestStringConvertible {
  let line: String
  let instead: String
  let told: [String]

  init(_ line: String, _ instead: String, _ told: String...) {
    (self.line, self.instead, self.told) = (line, instead, told)
  }

  var testDescription: String { instead.isEmpty ? "without \(line)" : String(instead.prefix(80)) }

  static let identifier =
    "must be 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit, not "
  static let file = "must be a .safetensors file within the models folder, without '..', not "
  static let source = "must be a line of text without control characters, not "
  static let hash = "must be 64 lower-case hexadecimal digits"
  static let long = String(repeating: "x", count: 65)

  static let topLevel = [
    Refusal("id = \"least\"", "", "m.toml: id: is missing"),
    Refusal("id = \"least\"", "id = 5", "m.toml:1: id: must be a string, not an integer"),
    Refusal("id = \"least\"", "id = \"\"", "m.toml:1: id: \(identifier)\"\""),
    Refusal("id = \"least\"", "id = \"-a\"", "m.toml:1: id: \(identifier)\"-a\""),
    Refusal("id = \"least\"", "id = \"a/b\"", "m.toml:1: id: \(identifier)\"a/b\""),
    Refusal("id = \"least\"", "id = \"é\"", "m.toml:1: id: \(identifier)\"é\""),
    Refusal("id = \"least\"", "id = \"\(long)\"", "m.toml:1: id: \(identifier)\"\(long)\""),
    Refusal(
      "display_name = \"Least\"", "display_name = \"\"",
      "m.toml:2: display_name: must have from 1 to 100 characters"),
    Refusal("file = \"least.safetensors\"", "", "m.toml: file: is missing"),
    Refusal("source = \"local\"", "source = \"a\\u0001b\"", "m.toml:4: source: \(source)\"a\\u{01}b\""),
    Refusal(
      "architecture = \"sdxl\"", "architecture = \"flux\"",
      "m.toml:5: architecture: \"flux\" is not an architecture this server can run; it runs \"sdxl\""),
    Refusal(
      "source = \"local\"", "source = \"local\"\norder = 1.0",
      "m.toml:5: order: must be an integer, not a number"),
    Refusal(
      "source = \"local\"", "source = \"local\"\norder = -1",
      "m.toml:5: order: must be from 0 to 1000000, not -1"),
    Refusal("source = \"local\"", "source = \"local\"\nsha256 = \"00\"", "m.toml:5: sha256: \(hash)"),
    Refusal(
      "source = \"local\"", "source = \"local\"\nsha256 = \"\(String(repeating: "A", count: 64))\"",
      "m.toml:5: sha256: \(hash)"),
    Refusal(
      "source = \"local\"", "source = \"local\"\naliases = \"a\"",
      "m.toml:5: aliases: must be an array, not a string"),
    Refusal(
      "source = \"local\"", "source = \"local\"\naliases = [\"a\", 3]",
      "m.toml:5: aliases: element 2 must be a string, not an integer"),
    Refusal(
      "source = \"local\"", "source = \"local\"\naliases = [\"a\", \"a\"]",
      "m.toml:5: aliases: repeats a name"),
    Refusal(
      "source = \"local\"", "source = \"local\"\naliases = [\"least\"]", "m.toml:5: aliases: repeats a name"),
    Refusal(
      "source = \"local\"", "source = \"local\"\nprediction = \"v\"",
      "m.toml:5: prediction: must be one of \"epsilon\", \"v_prediction\", not \"v\""),
    Refusal(
      "source = \"local\"", "source = \"local\"\nzero_terminal_snr = 1",
      "m.toml:5: zero_terminal_snr: must be a boolean, not an integer"),
    Refusal(
      "source = \"local\"", "source = \"local\"\nvae = \"../x\"",
      "m.toml:5: vae: must be 1 to 128 letters, digits, '.', '_' and '-', not beginning with '.', not \"../x\""
    ),
    Refusal(
      "source = \"local\"", "source = \"local\"\nvae = 2026-01-02",
      "m.toml:5: vae: must be a string, not a date or time"),
    Refusal("source = \"local\"", "source = \"local\"\nshaa256 = 1", "m.toml:5: shaa256: is not a known key"),
    Refusal(
      "source = \"local\"", "source = \"local\"\n\"defaults.steps\" = 1",
      "m.toml:5: defaults.steps: is not a known key"),
  ]

  static let tables = [
    Refusal("cfg = 5.0", "", "m.toml:7: defaults.cfg: is missing"),
    Refusal("cfg = 5.0", "cfg = true", "m.toml:8: defaults.cfg: must be a number, not a boolean"),
    Refusal("cfg = 5.0", "cfg = 30.5", "m.toml:8: defaults.cfg: must be from 0.0 to 30.0, not 30.5"),
    Refusal("cfg = 5.0", "cfg = nan", "m.toml:8: defaults.cfg: must be from 0.0 to 30.0, not nan"),
    Refusal("cfg = 5.0", "cfg = inf", "m.toml:8: defaults.cfg: must be from 0.0 to 30.0, not inf"),
    Refusal("steps = 28", "steps = 0", "m.toml:9: defaults.steps: must be from 1 to 150, not 0"),
    Refusal("steps = 28", "steps = 151", "m.toml:9: defaults.steps: must be from 1 to 150, not 151"),
    Refusal("steps = 28", "steps = 28.0", "m.toml:9: defaults.steps: must be an integer, not a number"),
    Refusal("width = 832", "width = 836", "m.toml:10: defaults.width: must be a multiple of 8, not 836"),
    Refusal("width = 832", "width = 56", "m.toml:10: defaults.width: must be from 64 to 2048, not 56"),
    Refusal(
      "height = 1216", "height = 2056", "m.toml:11: defaults.height: must be from 64 to 2048, not 2056"),
    Refusal(
      "steps = 28", "steps = 28\nscheduler = \"eulr\"",
      "m.toml:10: defaults.scheduler: cannot be \"eulr\": unknown scheduler"),
    Refusal(
      "steps = 28", "steps = 28\nclip_skip = 13",
      "m.toml:10: defaults.clip_skip: must be from 1 to 12, not 13"),
    Refusal(
      "steps = 28", "steps = 28\ncfg_rescale = 1.5",
      "m.toml:10: defaults.cfg_rescale: must be from 0.0 to 1.0, not 1.5"),
    Refusal(
      "steps = 28", "steps = 28\ntimestep_spacing = \"trail\"",
      "m.toml:10: defaults.timestep_spacing: must be one of \"leading\", \"trailing\", \"linspace\", not \"trail\""
    ),
    Refusal("steps = 28", "steps = 28\nstepz = 1", "m.toml:10: defaults.stepz: is not a known key"),
    Refusal(
      "height = 1216", "height = 1216\n[negative_prompt]", "m.toml:12: negative_prompt.default: is missing"),
    Refusal(
      "height = 1216", "height = 1216\n[negative_prompt]\ndefault = [\"a\"]",
      "m.toml:13: negative_prompt.default: must be a string, not an array"),
    Refusal(
      "height = 1216", "height = 1216\n[prompt_guide]\nstyle = 3",
      "m.toml:13: prompt_guide.style: must be a string, not an integer"),
    Refusal("height = 1216", "height = 1216\n[prompt_gude]", "m.toml:12: prompt_gude: is not a known key"),
    Refusal(
      "steps = 28", "steps = 0\nzz = 1\naa = 2", "m.toml:9: defaults.steps: must be from 1 to 150, not 0",
      "m.toml:10: defaults.zz: is not a known key", "m.toml:11: defaults.aa: is not a known key"),
    Refusal(
      "[defaults]", "defaults = 3\n[other]", "m.toml:7: defaults: must be a table, not an integer",
      "m.toml:8: other: is not a known key"),
    Refusal(
      "[defaults]", "[negative_prompt]", "m.toml: defaults: is missing",
      "m.toml:7: negative_prompt.default: is missing", "m.toml:8: negative_prompt.cfg: is not a known key",
      "m.toml:9: negative_prompt.steps: is not a known key",
      "m.toml:10: negative_prompt.width: is not a known key",
      "m.toml:11: negative_prompt.height: is not a known key"),
  ]

  static let files = [
    "/etc/x.safetensors", "../x.safetensors", "a/../x.safetensors", "a//x.safetensors", "./x.safetensors",
    "x.ckpt", ".safetensors/..", "a\tb.safetensors",
  ].map { name in
    Refusal(
      "file = \"least.safetensors\"", "file = '\(name)'",
      "m.toml:3: file: \(file)\"\(name.replacing("\t", with: "\\t"))\"")
  }
}

@Suite struct RefusalTests {
  static let context = ModelFile.Context(folder: "/models", schedulerProblem: eulers)

  @Test(arguments: Refusal.topLevel + Refusal.tables + Refusal.files)
  func oneWrongPlaceIsNamed(_ refusal: Refusal) {
    let text = leastModel.replacing(refusal.line, with: refusal.instead)
    #expect(text != leastModel)
    let file = ModelFile("m.toml", Array(text.utf8), Self.context)
    #expect(file.problems.map(\.description) == refusal.told)
    #expect(file.entry == nil)
  }

  @Test func longFilesAreNotRead() throws {
    let folder = try TemporaryFolder()
    let padding = "\n#" + String(repeating: "x", count: ModelFile.largestFile)
    try folder.write((leastModel + padding).prefix(ModelFile.largestFile).description, to: "fits.toml")
    try folder.write((leastModel + padding).prefix(ModelFile.largestFile + 1).description, to: "over.toml")
    let registry = ModelRegistry.load(folder: folder.path)
    #expect(registry.models.map(\.id) == ["least"])
    #expect(registry.problems.map(\.description) == ["over.toml: is longer than 1048576 bytes"])
  }

  @Test func pipesAndFoldersAreNotRead() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path + "/folder.toml", withIntermediateDirectories: false)
    #expect(mkfifo(folder.path + "/pipe.toml", 0o600) == 0)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/void.toml", withDestinationPath: "/nonexistent")
    let registry = ModelRegistry.load(folder: folder.path)
    #expect(
      registry.problems.map(\.description) == [
        "folder.toml: is not a regular file", "pipe.toml: is not a regular file",
        "void.toml: cannot be read: No such file or directory",
      ])
  }

  @Test(arguments: ["id = \"a\\u0000b\"", "id = \"a\\U00000000b\"", "id = \"a\"\u{0}"])
  func nothingIsCutAtNUL(_ start: String) {
    let text = leastModel.replacing("id = \"least\"", with: start)
    let file = ModelFile("m.toml", Array(text.utf8), Self.context)
    #expect(file.problems.map(\.description) == ["m.toml: holds a NUL character"])
  }

  @Test func invalidUTF8IsRefused() {
    let file = ModelFile("m.toml", Array(leastModel.utf8) + [0x23, 0xFF], Self.context)
    #expect(file.problems.map(\.description) == ["m.toml: is not valid UTF-8"])
  }

  @Test func deepKeysAreRefusedOneWayOrTheOther() {
    let deep = { (dots: Int) in
      let text = "x" + String(repeating: ".x", count: dots) + " = 1\n" + leastModel
      return ModelFile("m.toml", Array(text.utf8), Self.context).problems.map(\.description)
    }
    #expect(deep(1_900) == ["m.toml:1: x: is not a known key"])
    #expect(deep(500_000) == ["m.toml: has more than 2000 dots"])
  }

  @Test(arguments: [
    "[=]", "[", "[ [x]]", "[[ #", "[[", "[\nx]", "[.x]", "[\r\n", "[[[x]]]", "[é]", "[]", "[[]]", "x = [}",
    "x = [1, }", "x = {]", "x = }", "x = ]", "x = [[1}]",
  ])
  func brokenBracketsAreRefused(_ end: String) {
    let file = ModelFile("m.toml", Array((leastModel + "\n" + end).utf8), Self.context)
    #expect(file.problems.count == 1)
    #expect(file.problems.first?.line == 12)
    #expect(file.problems.first?.message.hasPrefix("is not TOML: ") == true)
  }

  @Test func mutatedFilesAreAnEntryOrAProblem() {
    var random = SplitMix(seed: 20_260_101)
    let seed = Array(
      (leastModel + "\n[prompt_guide]\nquality_tags = ['a', \"b\"]\nnotes = \"\"\"x\ny\"\"\"\n").utf8)
    let pieces = Array("[]{}\"'#=.,\n\r\\ \tuU0123x-_é".utf8)
    for _ in 0..<3_000 {
      var bytes = seed
      for _ in 0...Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = pieces.randomElement(using: &random) ?? 0
        case 1: bytes.remove(at: place)
        default: bytes.insert(pieces.randomElement(using: &random) ?? 0, at: place)
        }
      }
      let file = ModelFile("m.toml", bytes, Self.context)
      #expect((file.entry == nil) == !file.problems.isEmpty)
    }
  }
}
