import Foundation
import JSON
import TestSupport
import Testing

@Suite(.serialized) struct SettingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func config(_ text: String) throws -> [String] {
    ["--config", try folder.write(text, to: "darkroom.toml")]
  }

  /// Each is found out by what is refused first.
  @Test func flagsGoBeforeTheEnvironmentBeforeTheFile() throws {
    let file = try config("\nlog-format = \"odd-file\"\n")
    let variable = ["DARKROOM_LOG_FORMAT": "odd-variable"]
    func words(_ arguments: [String], _ environment: [String: String]) throws -> String {
      try Served.refusal(arguments, environment: environment).errors
    }
    #expect(try words(file, [:]).contains("--log-format is text or json, not odd-file."))
    #expect(try words(file, variable).contains("not odd-variable."))
    #expect(try words(file + ["--log-format", "odd-flag"], variable).contains("not odd-flag."))
    #expect(try words(["--log-format", "odd-flag"], [:]).contains("not odd-flag."))
    // A right value before it hides the wrong one.
    #expect(try words(file + ["--log-format", "json", "--model", "nope"], [:]).contains("Unknown model"))
    #expect(
      try words([], ["DARKROOM_CONFIG": file[1], "DARKROOM_LOG_LEVEL": "odd"]).contains("not odd."))
  }

  @Test(arguments: [
    ("prot = 1", "darkroom.toml:1: prot is not a known key."),
    ("port = 0\n\nmodles = \"x\"\n", "darkroom.toml:3: modles is not a known key."),
    ("config = \"x\"", "darkroom.toml:1: config is not a known key."),
    ("api-key = \"x\"", "darkroom.toml:1: api-key is not a known key."),
    ("threads = \"x\"", "darkroom.toml:1: threads has the value 'x', which --threads does not take."),
    ("\nmax-inflight = true", "darkroom.toml:2: max-inflight has the value 'true'"),
    ("max-inflight = [\"1\"]", "darkroom.toml:1: max-inflight should be one value, not a list."),
    ("insecure = 2", "darkroom.toml:1: insecure has the value '2'; it takes true or false."),
    ("[serve]\nport = 1", "darkroom.toml:1: serve: must be a string"),
    ("port = ", "darkroom.toml:1: is not TOML"),
    ("allow-origin = [\"https://a.example/\"]", "--allow-origin is scheme://host"),
    ("allow-origin = \"null\"", "--allow-origin is scheme://host"),
    ("allow-host = \"a.example:8000\"", "--allow-host is a name alone"),
    ("allow-host = [\"a.example\", \"http://a\"]", "--allow-host is a name alone"),
    ("rate-limit = 0", "--rate-limit is from 1"), ("max-pixels = 1", "--max-pixels is from 4096"),
    ("max-connections = 0", "--max-connections is from 1"),
    ("access-log = true", "--access-log is on or off"),
    ("device = \"gpu\"", "--device is auto"),
  ])
  func mistakesInTheFileAreNamed(text: String, words: String) throws {
    let refused = try Served.refusal(try config(text))
    #expect(refused.status == 64)
    #expect(refused.errors.contains(words), "\(refused.errors)")
  }

  @Test func everySettingIsAKey() async throws {
    try folder.write("sesame", to: "tokens")
    let text = """
      host = "127.0.0.1"
      allow-host = ["pictures.example"]
      allow-origin = "https://pictures.example"
      max-connections = 8
      api-key-file = "\(folder.path("tokens"))"
      rate-limit = 100
      insecure = false
      dtype = "auto"
      vae-dtype = "auto"
      threads = 1
      job-timeout = 60
      model = "pocket"
      max-inflight = 3
      max-pixels = 65536
      drain-seconds = 1
      log-level = "info"
      log-format = "json"
      access-log = "off"
      """
    let server = try Served.start(try config(text))
    try await server.wait(for: "/readyz")
    #expect(try server.curl("/health").json()["queue"]?["limit"] == 3)
    let large = #"{"prompt": "x", "width": 512, "height": 512}"#
    #expect(try server.curl("/generate", body: large, extra: Served.bearer("sesame")).status == 422)
    #expect(try server.curl("/health", extra: ["-H", "Host: pictures.example"]).status == 200)
    #expect(!server.logText.contains("\"event\":\"request\""))
  }

  @Test func aRateIsKept() async throws {
    let server = try Served.start(["--rate-limit", "2"])
    for status in [200, 200, 429] { #expect(try server.curl("/models").status == status) }
    #expect(try server.curl("/models").json()["code"] == "rate_limited")
    for _ in 0..<5 { #expect(try server.curl("/health").status == 200) }
  }
}
