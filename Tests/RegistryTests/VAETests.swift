import Foundation
import TestSupport
import Testing

@testable import Registry

@Suite struct VAETests {
  private static let tensors: [(String, [Int])] = [
    ("decoder.conv_in.weight", [8, 4, 3, 3]), ("encoder.conv_in.weight", [8, 3, 3, 3]),
  ]

  @Test func filesAreListedWithWhatIsWrongWithThem() throws {
    let folder = try TemporaryFolder()
    try folder.write(try LoRATests.file([:], Self.tensors), to: "sdxl_vae.fp16.safetensors")
    try folder.write(
      try LoRATests.file([:], [("decoder.conv_in.weight", [8, 16, 3, 3])]), to: "flux.safetensors")
    try folder.write(try LoRATests.file([:], [("x.lora_A.weight", [8, 2])]), to: "lora.safetensors")
    try folder.write("hello", to: "broken.safetensors")
    try folder.write("hello", to: ".hidden.safetensors")
    try folder.write("hello", to: "config.json")

    let vaes = ModelRegistry.vaes(folder: folder.path)
    try #require(vaes.map(\.name) == ["broken", "flux", "lora", "sdxl_vae.fp16"])
    #expect(vaes[0].sizeBytes == 5 && vaes[0].error?.contains("too few") == true)
    #expect(vaes[1].error?.contains("16 latent channels") == true)
    #expect(vaes[2].error == "lora.safetensors is a LoRA, not a VAE for SDXL")
    #expect(vaes[3].error == nil)
    #expect(vaes[3].file == "sdxl_vae.fp16.safetensors")
    #expect(vaes[3].path == folder.path + "/sdxl_vae.fp16.safetensors")
    #expect(vaes[3].sizeBytes > 4 * 8 * 7 * 9)
    for vae in vaes { #expect(vae.error?.contains(folder.path) != true) }

    #expect(ModelRegistry.vae(named: "sdxl_vae.fp16", folder: folder.path) == vaes[3])
    #expect(ModelRegistry.vae(named: "sdxl_vae.fp16.safetensors", folder: folder.path) == vaes[3])
    #expect(ModelRegistry.vae(named: "lora", folder: folder.path)?.error != nil)
    for name in [
      "", "absent", ".hidden", "../\(folder.url.lastPathComponent)/flux",
    ] {
      #expect(ModelRegistry.vae(named: name, folder: folder.path) == nil)
    }
  }

  @Test func missingFolderIsAnEmptyList() {
    #expect(ModelRegistry.vaes(folder: "/nonexistent/vae").isEmpty)
    #expect(ModelRegistry.vae(named: "x", folder: "/nonexistent/vae") == nil)
  }

  @Test func aModelsFileMustBeSDXL() throws {
    let folder = try TemporaryFolder()
    try folder.write(try LoRATests.file([:], [("x.lora_A.weight", [8, 2])]), to: "least.safetensors")
    try folder.write(leastModel, to: "least.toml")
    let entry = try #require(ModelRegistry.load(folder: folder.path).find("least"))
    let error = #expect(throws: (any Error).self) { try entry.contents().tensors }
    #expect(error.map { "\($0)" } == "least.safetensors is a LoRA, not an SDXL checkpoint")
  }
}
