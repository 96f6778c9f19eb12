import Foundation
import TestSupport
import Testing

@testable import Registry

@Suite struct ModelRegistryTests {
  @Test func leastModelLoads() throws {
    let folder = try TemporaryFolder()
    try folder.write(leastModel, to: "any.toml")
    let registry = ModelRegistry.load(folder: folder.path)
    let expected = ModelEntry(
      id: "least", displayName: "Least", file: "least.safetensors", source: "local",
      path: folder.path + "/least.safetensors",
      defaults: .init(cfg: 5, steps: 28, width: 832, height: 1216))
    #expect(registry.problems == [])
    #expect(registry.models == [expected])
    #expect(registry.models.first?.description == "Least")
  }

  @Test func everyKeyIsRead() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      """
      id = "full"
      display_name = "Full"
      file = "sub/full.safetensors"
      source = "https://example.org/full.safetensors"
      architecture = "sdxl"
      order = 7
      sha256 = "\(String(repeating: "0a", count: 32))"
      aliases = ["other", "third-1.0"]
      prediction = "v_prediction"
      zero_terminal_snr = true
      vae = "sdxl_vae-fp16"
      [defaults]
      cfg = 7
      steps = 25
      width = 1024
      height = 1032
      scheduler = "euler_a"
      clip_skip = 2
      cfg_rescale = 0.7
      timestep_spacing = "trailing"
      [negative_prompt]
      default = ""
      [prompt_guide]
      quality_tags = ["one", "two"]
      style = "danbooru"
      notes = "Say much"
      """, to: "full.toml")
    let registry = ModelRegistry.load(folder: folder.path, schedulerProblem: eulers)
    #expect(registry.problems == [])
    let full = try #require(registry.find("third-1.0"))
    #expect(full.path == folder.path + "/sub/full.safetensors")
    #expect(full.order == 7)
    #expect(full.sha256 == String(repeating: "0a", count: 32))
    #expect(full.aliases == ["other", "third-1.0"])
    #expect(full.prediction == "v_prediction")
    #expect(full.vae == "sdxl_vae-fp16")
    #expect(full.zeroTerminalSNR == true)
    var defaults = ModelEntry.Defaults(
      cfg: 7, steps: 25, width: 1024, height: 1032, scheduler: "euler_a", clipSkip: 2)
    (defaults.cfgRescale, defaults.timestepSpacing) = (0.7, "trailing")
    #expect(full.defaults == defaults)
    #expect(full.negativePrompt == "")
    #expect(full.promptGuide == .init(qualityTags: ["one", "two"], style: "danbooru", notes: "Say much"))
    #expect(full.description == "Full (danbooru prompts): Say much")
  }

  @Test func modelsAreSortedByOrderThenID() throws {
    let folder = try TemporaryFolder()
    for (id, order) in [("d", nil), ("b", nil), ("a", 2), ("c", 1), ("e", 2)] as [(String, Int?)] {
      let text = leastModel.replacing("\"least\"", with: "\"\(id)\"")
      try folder.write((order.map { "order = \($0)\n" } ?? "") + text, to: "\(id).toml")
    }
    #expect(ModelRegistry.load(folder: folder.path).models.map(\.id) == ["c", "a", "e", "b", "d"])
  }

  @Test func findWantsTheExactName() throws {
    let folder = try TemporaryFolder()
    try folder.write("aliases = [\"also\"]\n" + leastModel, to: "least.toml")
    let registry = ModelRegistry.load(folder: folder.path)
    #expect(registry.find("least") == registry.find("also"))
    #expect(registry.find("least") != nil)
    for absent in ["Least", "leas", "least ", "", "least.toml", "../least"] {
      #expect(registry.find(absent) == nil)
    }
  }

  @Test func oneBadFileLeavesTheOthers() throws {
    let folder = try TemporaryFolder()
    try folder.write(leastModel, to: "good.toml")
    try folder.write("id = ", to: "bad.toml")
    try folder.write("not TOML at all", to: "notes.txt")
    try folder.write("not TOML at all", to: ".hidden.toml")
    let registry = ModelRegistry.load(folder: folder.path)
    #expect(registry.models.map(\.id) == ["least"])
    #expect(registry.problems.map(\.file) == ["bad.toml"])
    #expect(registry.problems.first?.line == 1)
    #expect(registry.problems.first?.message.hasPrefix("is not TOML: ") == true)
  }

  @Test func aNameBelongsToTheFirstFile() throws {
    let folder = try TemporaryFolder()
    try folder.write("aliases = [\"shared\"]\n" + leastModel, to: "1.toml")
    try folder.write(leastModel, to: "2.toml")
    try folder.write(
      leastModel.replacing("\"least\"", with: "\"third\"") + "\n", to: "3.toml")
    try folder.write(
      "\naliases = [\"third\", \"shared\"]\n" + leastModel.replacing("\"least\"", with: "\"fourth\""),
      to: "4.toml")
    let registry = ModelRegistry.load(folder: folder.path)
    #expect(registry.models.map(\.id) == ["least", "third"])
    #expect(
      registry.problems.map(\.description) == [
        "2.toml:1: id: \"least\" is already taken by 1.toml",
        "4.toml:2: aliases: \"third\" is already taken by 3.toml",
        "4.toml:2: aliases: \"shared\" is already taken by 1.toml",
      ])
  }

  @Test func aRefusedFileTakesNoName() throws {
    let folder = try TemporaryFolder()
    try folder.write(leastModel.replacing("steps = 28", with: "steps = 0"), to: "1.toml")
    try folder.write(leastModel, to: "2.toml")
    let registry = ModelRegistry.load(folder: folder.path)
    #expect(registry.models.map(\.id) == ["least"])
    #expect(registry.problems.map(\.file) == ["1.toml"])
  }

  @Test func aNewcomerTakesNoNameFromAModelThatHasIt() throws {
    let folder = try TemporaryFolder()
    try folder.write(leastModel, to: "least.toml")
    // Earlier by name, with the id as an alias and as the id.
    let alias = leastModel.replacing("id = \"least\"", with: "id = \"alias\"")
      .replacing("architecture", with: "aliases = [\"least\"]\narchitecture")
    try folder.write(alias, to: "a.toml")
    try folder.write(leastModel.replacing("least.safetensors", with: "b.safetensors"), to: "b.toml")
    let registry = ModelRegistry.load(folder: folder.path)
    #expect(registry.models.map(\.id) == ["least"])
    #expect(registry.find("least")?.file == "least.safetensors")
    #expect(registry.problems.map(\.file) == ["a.toml", "b.toml"])
  }

  @Test func aProblemIsOneLine() {
    let problem = RegistryProblem(file: "m.toml", line: 1, key: "id", message: "not \"a\nb\u{1B}\"")
    #expect(problem.description == "m.toml:1: id: not \"a\\nb\\u{1B}\"")
  }

  @Test func missingFolderIsAProblem() {
    let registry = ModelRegistry.load(folder: "/nonexistent/models")
    #expect(registry.models.isEmpty)
    #expect(registry.problems.map(\.file) == ["/nonexistent/models"])
  }

  @Test func onlyReadableRegularFilesAreDownloaded() throws {
    let folder = try TemporaryFolder()
    try folder.write(leastModel, to: "least.toml")
    let registry = ModelRegistry.load(folder: folder.path)
    let entry = try #require(registry.find("least"))
    #expect(!registry.isDownloaded(entry))
    try folder.write("", to: "least.safetensors")
    #expect(!registry.surveyed().isDownloaded(entry))
    try folder.write("x", to: "least.safetensors")
    #expect(registry.surveyed().isDownloaded(entry))
    #expect(registry.surveyed().sizeBytes(entry) == 1)
    // A registry is a snapshot: it does not go to the disk.
    #expect(!registry.isDownloaded(entry))

    try FileManager.default.moveItem(atPath: entry.path, toPath: folder.path + "/elsewhere")
    try FileManager.default.createSymbolicLink(atPath: entry.path, withDestinationPath: "elsewhere")
    #expect(registry.surveyed().isDownloaded(entry))
    try FileManager.default.removeItem(atPath: entry.path)
    try FileManager.default.createDirectory(atPath: entry.path, withIntermediateDirectories: false)
    #expect(!registry.surveyed().isDownloaded(entry))
  }

  @Test func relativeFoldersGiveAbsolutePaths() throws {
    let folder = try TemporaryFolder()
    try folder.write(leastModel, to: "least.toml")
    let up = String(repeating: "../", count: 40)
    let registry = ModelRegistry.load(folder: up + folder.path.dropFirst() + "/")
    let path = try #require(registry.models.first?.path)
    #expect(path.hasPrefix("/"))
    #expect(path.hasSuffix(folder.path + "/least.safetensors"))
  }
}
