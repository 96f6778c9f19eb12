import TestSupport
import Testing

@testable import Registry

@Suite struct SettingsFileTests {
  private func read(_ text: String) throws -> [SettingsFile.Setting] {
    try SettingsFile(Array(text.utf8), file: "darkroom.toml").settings
  }

  @Test func valuesAreTextsInTheOrderOfTheFile() throws {
    let settings = try read(
      """
      # where
      port = 8080
      host = "::1"

      insecure = false
      allow-host = ["a.example", "b.example"]
      scale = 0.5
      none = []
      """)
    #expect(settings.map(\.key) == ["port", "host", "insecure", "allow-host", "scale", "none"])
    #expect(settings.map(\.line) == [2, 3, 5, 6, 7, 8])
    #expect(
      settings.map(\.values) == [["8080"], ["::1"], ["false"], ["a.example", "b.example"], ["0.5"], []])
    #expect(settings.map(\.isList) == [false, false, false, true, false, true])
  }

  @Test(arguments: [
    ("[server]\nport = 1", "darkroom.toml:1: server: must be a string, a number"),
    ("\na = [1]", "darkroom.toml:2: a: must be a list of strings; one of it is an integer"),
    ("a = 2026-01-01", "darkroom.toml:1: a: must be a string"), ("\n\na = ", "darkroom.toml:3: is not TOML"),
    ("a = 1\na = 2", "darkroom.toml:2: is not TOML"),
  ])
  func othersAreRefusedWithTheirLine(text: String, words: String) {
    let problem = #expect(throws: RegistryProblem.self) { try read(text) }
    #expect(problem?.description.hasPrefix(words) == true, "\(problem?.description ?? "")")
  }

  @Test func theFileItself() throws {
    let folder = try TemporaryFolder()
    try folder.write("port = 1", to: "x.toml")
    #expect(try SettingsFile(path: folder.path("x.toml")).settings.map(\.key) == ["port"])
    for path in [folder.path("absent"), folder.path("")] {
      #expect(throws: RegistryProblem.self) { try SettingsFile(path: path) }
    }
  }
}
