import Foundation
import TestSupport
import Testing

@testable import Registry

@Suite struct AdapterFolderTests {
  private static let vae = "decoder.conv_in.weight"

  private static func make(_ folder: TemporaryFolder, _ path: String, _ tensor: String) throws {
    let url = folder.url.appending(path: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try folder.write(try LoRATests.file([:], [(tensor, tensor == vae ? [8, 4, 3, 3] : [2])]), to: path)
  }

  @Test func filesAndFolders() throws {
    let folder = try TemporaryFolder()
    let control = "controlnet_cond_embedding.conv_in.weight"
    try Self.make(folder, "controlnet/file.safetensors", control)
    try Self.make(folder, "controlnet/both.safetensors", control)
    try Self.make(folder, "controlnet/both/diffusion_pytorch_model.safetensors", control)
    try Self.make(folder, "controlnet/net/diffusion_pytorch_model.safetensors", control)
    try Self.make(folder, "controlnet/net/other.safetensors", control)
    try Self.make(folder, "controlnet/half/diffusion_pytorch_model.fp16.safetensors", control)
    try Self.make(folder, "controlnet/foreign/x.safetensors", control)
    try Self.make(folder, "controlnet/.hidden/diffusion_pytorch_model.safetensors", control)
    try Self.make(folder, "controlnet/vae.safetensors", Self.vae)
    let nets = AdapterFolders(models: folder.path).folder(.controlNet)
    #expect(nets.names == ["both", "file", "half", "net", "vae"])
    #expect(nets.find("both")?.path == nets.path + "/both.safetensors")
    #expect(nets.find("net")?.path == nets.path + "/net")
    #expect(nets.find("vae")?.error == "vae.safetensors is a VAE, not a ControlNet")
    #expect(nets.entries.map(\.name) == nets.names)
    #expect(nets.entries.filter { $0.error == nil }.map(\.name) == ["both", "file", "half", "net"])
    #expect(nets.find("file.safetensors") == nets.find("file"))
    for name in [
      "", ".", "..", "net/other", "../controlnet/file", ".hidden", ".safetensors", "net.safetensors",
      "file.safetensors.safetensors", "../controlnet/file.safetensors",
    ] {
      #expect(nets.find(name) == nil)
    }
  }

  @Test func namesThatTrainersGave() throws {
    let folder = try TemporaryFolder()
    let tensors = [("lora_unet_x.lora_down.weight", [2, 2])]
    func make(_ file: String, calling alias: String) throws {
      let url = folder.url.appending(path: "loras")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      try folder.write(
        try LoRATests.file(["ss_output_name": alias], tensors), to: "loras/\(file).safetensors")
    }
    try make("first-000010", calling: "style")
    try make("other", calling: "first-000010")
    try make("x.safetensors", calling: "")
    try make("x", calling: "twice")
    try make("y", calling: "twice")
    let loras = AdapterFolders(models: folder.path).folder(.lora)
    #expect(loras.find("style")?.name == "first-000010" && loras.find("style")?.error == nil)
    // The name of a file goes before the one that a trainer gave another.
    #expect(loras.find("first-000010")?.name == "first-000010")
    #expect(loras.find("x.safetensors")?.path == loras.path + "/x.safetensors.safetensors")
    for name in ["twice", "", "style.safetensors"] { #expect(loras.find(name) == nil) }
    #expect(AdapterFolders(models: folder.path).folder(.ipAdapter).find("style") == nil)
  }

  @Test func eachFolderHasItsKind() throws {
    let folder = try TemporaryFolder()
    let tensors: [(AdapterKind, String)] = [
      (.lora, "lora_unet_x.lora_down.weight"), (.ipAdapter, "ip_adapter.1.to_k_ip.weight"),
      (.textualInversion, "clip_g"), (.controlNet, "controlnet_down_blocks.0.weight"),
    ]
    for (kind, tensor) in tensors {
      try Self.make(folder, "\(kind.folder)/right.safetensors", tensor)
      try Self.make(folder, "\(kind.folder)/odd.safetensors", "renamed.weight")
      try Self.make(folder, "\(kind.folder)/wrong.safetensors", Self.vae)
      try folder.write("hello", to: "\(kind.folder)/cut.safetensors")
      let entries = AdapterFolders(models: folder.path).folder(kind)
      #expect(entries.entries.filter { $0.error == nil }.map(\.name) == ["odd", "right"], "\(kind)")
      #expect(entries.find("cut")?.error?.contains("cut.safetensors") == true)
      #expect(entries.find("cut")?.error?.contains(folder.path) == false)
    }
    #expect(AdapterFolders(models: folder.path + "/none").folder(.lora).names == [])
  }

  @Test func theImageEncodersSize() throws {
    let folder = try TemporaryFolder()
    let encoder = AdapterFolders(models: folder.path).imageEncoder
    #expect(!encoder.isPresent && encoder.imageSize == 224)
    try Self.make(folder, "ip-adapter/image_encoder/model.safetensors", "vision_model.x")
    #expect(encoder.isPresent)
    for (text, size) in [
      (#"{"image_size": 64, "x": 1}"#, 64), ("{}", 224), ("[", 224), (#"{"image_size": 0}"#, 224),
    ] {
      try folder.write(text, to: "ip-adapter/image_encoder/config.json")
      #expect(encoder.imageSize == size)
    }
  }
}
