import Foundation
import Images
import TestSupport
import Testing

@Suite(.serialized) struct CommandLineTests {
  private let darkroom = Repository.products.appendingPathComponent("darkroom").path

  @Test func theServerLinksNoLibtorch() throws {
    let libraries = try run("/usr/bin/ldd", [darkroom]).output
    #expect(libraries.contains("libc.so"))
    #expect(!libraries.contains("torch"))
    let engine = try run("/usr/bin/ldd", [Repository.products.appendingPathComponent("darkroom-engine").path])
      .output
    #expect(engine.contains("torch"))
  }

  @Test func generateWritesAPicture() throws {
    let folder = try TemporaryFolder()
    func make(_ name: String) throws -> Finished {
      try run(
        darkroom,
        [
          "generate", "-p", "a red circle", "-m", "pocket", "-o", folder.path(name), "--seed", "5", "--steps",
          "2",
          "--size", "128x64", "--models", Repository.models.path, "--device", "cpu",
        ])
    }
    let first = try make("a.png")
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output.contains("seed 5"))
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: folder.path("a.png"))))
    let image = try PNG.decode(bytes)
    #expect(image.width == 128 && image.height == 64)
    #expect(try make("b.png").status == 0)
    #expect(try PNG.decode(Array(Data(contentsOf: URL(fileURLWithPath: folder.path("b.png"))))) == image)
  }

  @Test func generateSaysWhatIsWrong() throws {
    let models = ["--models", Repository.models.path]
    let size = try run(darkroom, ["generate", "-p", "x", "-m", "pocket", "--size", "65x64"] + models)
    #expect(size.status == 64)
    #expect(size.errors.contains("width"))
    let unknown = try run(darkroom, ["generate", "-p", "x", "-m", "nope"] + models)
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("Unknown model: nope"))
    #expect(try run(darkroom, ["generate"]).status == 64)
    for output in ["/dev/null", "/nonexistent/x.png", NSTemporaryDirectory()] {
      #expect(try run(darkroom, ["generate", "-p", "x", "-o", output]).status == 64)
    }
    #expect(try run(darkroom, ["serve", "--dtype", "fp8", "--port", "0"]).status == 64)
    #expect(
      try run(darkroom, ["serve", "--port", "0"], environment: ["DARKROOM_DEVICE": "gpu"]).status == 64)
    #expect(try run(darkroom, ["models", "list", "--models", "/nonexistent"]).status == 1)
    #expect(try run(darkroom, ["serve", "--port", "99999"]).status == 64)
    let environment = try run(darkroom, ["serve"], environment: ["DARKROOM_PORT": "abc"])
    #expect(environment.status == 64)
    #expect(environment.errors.contains("DARKROOM_PORT"))
    let exposed = try run(darkroom, ["serve", "--host", "0.0.0.0"])
    #expect(exposed.status == 64)
    #expect(exposed.errors.contains("--insecure"))
    #expect(try run(darkroom, ["generate", "-p", "x", "--cfg", "nan"]).status == 64)
    #expect(try run(darkroom, ["serve", "--model", "nope", "--port", "0"] + models).status == 64)
    #expect(try run(darkroom, ["serve", "--job-timeout", "9300000000000000"]).status == 64)
  }

  @Test func modelsAreListedShownAndChecked() throws {
    let models = ["--models", Repository.models.path]
    let list = try run(darkroom, ["models", "list"] + models)
    #expect(list.status == 0)
    #expect(list.output.split(separator: "\n").first?.hasPrefix("animagine") == true)
    #expect(list.output.contains("pocket"))
    #expect(
      try run(darkroom, ["models", "show", "animagine"] + models).output.contains(
        "animagine-xl-4.0.safetensors"))
    #expect(try run(darkroom, ["models", "show", "nope"] + models).status == 1)
    #expect(try run(darkroom, ["models", "verify", "pocket"] + models).status == 0)

    let folder = try TemporaryFolder.withPocket()
    try FileManager.default.removeItem(atPath: folder.path("pocket.safetensors"))
    try Data("no".utf8).write(to: URL(fileURLWithPath: folder.path("pocket.safetensors")))
    let verified = try run(darkroom, ["models", "verify", "pocket", "--models", folder.path])
    #expect(verified.status == 1)
    #expect(verified.errors.contains("pocket.safetensors"))
  }
}
