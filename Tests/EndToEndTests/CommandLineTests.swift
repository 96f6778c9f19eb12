import Foundation
import Images
import JSON
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
    for (option, value, words) in [
      ("--scheduler", "Euler a Karras", "scheduler: Value error, euler_a has no karras schedule"),
      ("--clip-skip", "13", "clip_skip: Input should be less than or equal to 12"),
      ("--cfg-rescale", "nan", "cfg_rescale: Input should be less than or equal to 1"),
      ("--cfg-start", "2", "cfg_start: Input should be less than or equal to 1"),
      ("--cfg-end", "-1", "cfg_end: Input should be greater than or equal to 0"),
      ("--prompt-style", "odd", "prompt_style: Input should be 'a1111', 'comfy' or 'diffusers'"),
      ("--timestep-spacing", "odd", "timestep_spacing: Input should be 'leading', 'trailing' or 'linspace'"),
    ] {
      let refused = try run(darkroom, ["generate", "-p", "x", "-m", "pocket", "\(option)=\(value)"] + models)
      #expect(refused.status == 64, "\(option)")
      #expect(refused.errors.contains(words), "\(refused.errors)")
    }
    let decoder = try run(darkroom, ["generate", "-p", "x", "-m", "pocket", "--vae", "nope"] + models)
    #expect(decoder.status == 1)
    #expect(decoder.errors.contains("Unknown vae: nope. Available: none"))
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
    let shown = try run(darkroom, ["models", "show", "noobai"] + models).output
    for row in ["scheduler     euler_a", "clip-skip     2", "cfg-rescale   0.0", "spacing       leading"] {
      #expect(shown.contains(row))
    }
    let sound = try run(darkroom, ["models", "verify", "pocket"] + models)
    #expect(sound.status == 0)
    for words in [
      "as registered", "architecture  sdxl", "prediction    epsilon (default)", "zero-SNR      no (default)",
      "F16", "vae           the file's own",
    ] {
      #expect(sound.output.contains(words), "\(sound.output)")
    }

    let folder = try TemporaryFolder.withPocket()
    try aModelThatSpeaksForItself(in: folder)
    try FileManager.default.removeItem(atPath: folder.path("pocket.safetensors"))
    try Data("no".utf8).write(to: URL(fileURLWithPath: folder.path("pocket.safetensors")))
    let verified = try run(darkroom, ["models", "verify", "pocket", "--models", folder.path])
    #expect(verified.status == 1)
    #expect(verified.errors.contains("pocket.safetensors"))
  }

  /// The keys of a file, and the registry's word over them.
  private func aModelThatSpeaksForItself(in folder: TemporaryFolder) throws {
    var bytes = try CheckpointBytes(Repository.models.appendingPathComponent("pocket.safetensors"))
    for key in ["v_pred", "ztsnr"] { try bytes.add(key) }
    try bytes.write(to: folder.path("keyed.safetensors"))
    let toml = """
      id = "keyed"
      display_name = "Keyed"
      file = "keyed.safetensors"
      source = "local"
      architecture = "sdxl"
      [defaults]
      cfg = 5
      steps = 4
      width = 64
      height = 64
      scheduler = "DPM++ 2M Karras"
      clip_skip = 1
      cfg_rescale = 0.7
      timestep_spacing = "trailing"
      """
    try folder.write(toml, to: "keyed.toml")
    let models = ["--models", folder.path]
    let keyed = try run(darkroom, ["models", "verify", "keyed"] + models)
    #expect(keyed.status == 0, "\(keyed.errors)")
    #expect(keyed.output.contains("v_prediction (v_pred key)"))
    #expect(keyed.output.contains("yes (ztsnr key)"))
    #expect(keyed.output.contains("none registered"))
    let shown = try run(darkroom, ["models", "show", "keyed"] + models).output
    #expect(shown.contains("DPM++ 2M Karras") && shown.contains("trailing") && shown.contains("0.7"))
    try folder.write("zero_terminal_snr = false\nprediction = \"epsilon\"\n" + toml, to: "keyed.toml")
    let overruled = try run(darkroom, ["models", "verify", "keyed"] + models).output
    #expect(overruled.contains("epsilon (registry)") && overruled.contains("no (registry)"))
    try folder.write("vae = \"other\"\n" + toml, to: "keyed.toml")
    let lacking = try run(darkroom, ["models", "verify", "keyed"] + models)
    #expect(lacking.status == 1)
    #expect(lacking.errors.contains("keyed: other is not in the vae folder"))
    try FileManager.default.createDirectory(
      atPath: folder.path("vae"), withIntermediateDirectories: false)
    try FileManager.default.copyItem(
      atPath: folder.path("keyed.safetensors"), toPath: folder.path("vae/other.safetensors"))
    let foreign = try run(darkroom, ["models", "verify", "keyed"] + models)
    #expect(foreign.status == 1)
    #expect(foreign.errors.contains("other.safetensors is an SDXL checkpoint, not a VAE for SDXL"))
  }
}

extension CheckpointBytes {
  /// Adds a tensor without numbers to the header.
  fileprivate mutating func add(_ key: String) throws {
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    var header = try #require(try JSONValue.parse(Array(bytes[8..<(8 + length)])).objectValue)
    header[key] = ["dtype": "F32", "shape": [0], "data_offsets": [0, 0]]
    let text = JSONValue.object(header).encoded()
    let prefix = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    bytes.replaceSubrange(..<(8 + length), with: prefix + text)
  }
}
