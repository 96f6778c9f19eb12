import Foundation
import Safetensors
import TestSupport
import Testing

@testable import Registry

@Suite struct LoRATests {
  /// A safetensors file of F32 zeros.
  static func file(_ metadata: [String: String], _ shapes: [(String, [Int])] = []) throws -> [UInt8] {
    var offset = 0
    var entries: [String] = []
    if !metadata.isEmpty {
      let notes = try JSONSerialization.data(withJSONObject: metadata, options: [.sortedKeys])
      entries.append("\"__metadata__\":" + String(decoding: notes, as: UTF8.self))
    }
    for (name, shape) in shapes {
      let end = offset + 4 * shape.reduce(1, *)
      entries.append("\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    let header = Array("{\(entries.joined(separator: ","))}".utf8)
    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    return length + header + [UInt8](repeating: 0, count: offset)
  }

  @Test func headersAreReadAndBrokenFilesListed() throws {
    let folder = try TemporaryFolder()
    let kohya = try Self.file(
      [
        "ss_base_model_version": "sdxl_base_v1-0", "ss_network_dim": "99",
        "ss_tag_frequency": #"{"5_a": {"rare": 1, "often": 9, " often": 2}, "2_b": {"rare": 1, "some": 3}}"#,
      ],
      [
        ("lora_unet_x.lora_down.weight", [4, 3]), ("lora_unet_x.lora_up.weight", [3, 64]),
        ("y.lora_A.weight", [8, 2]),
      ])
    try folder.write(kohya, to: "kohya.safetensors")
    try folder.write(
      try Self.file(
        [
          "modelspec.architecture": "stable-diffusion-xl-v1-base/lora", "ss_network_dim": "99",
        ], [("lora_unet_x.hada_w1_a", [4, 16]), ("lora_unet_x.hada_w1_b", [16, 3])]),
      to: "b loha.v1.safetensors")
    try folder.write(Array(kohya.dropLast()), to: "cut.safetensors")
    try folder.write("hello", to: "notes.txt")
    try folder.write("hello", to: ".hidden.safetensors")
    #expect(mkfifo(folder.path + "/pipe.safetensors", 0o600) == 0)

    let loras = ModelRegistry.loras(folder: folder.path)
    try #require(loras.map(\.name) == ["b loha.v1", "cut", "kohya", "pipe"])
    #expect(loras[0].file == "b loha.v1.safetensors")
    #expect(loras[0].baseModel == "stable-diffusion-xl-v1-base/lora")
    #expect(loras[0].rank == 16)
    #expect(loras[0].triggerWords == [])
    #expect(loras[0].type == .loha)
    #expect(loras[0].error == nil)
    #expect(loras[1].sizeBytes == kohya.count - 1)
    #expect(loras[1].error?.contains("cut short") == true)
    #expect(loras[1].error?.contains(folder.path) == false)
    #expect(loras[2].sizeBytes == kohya.count)
    #expect(loras[2].baseModel == "sdxl_base_v1-0")
    #expect(loras[2].rank == 8)
    #expect(loras[2].triggerWords == ["often", "some", "rare"])
    #expect(loras[2].type == .lora)
    #expect(loras[2].error == nil)
    #expect(loras[3].error?.contains("not a regular file") == true)
  }

  /// From the tensors, whatever is noted; the fixtures' ranks are those of scripts/fixtures/lora.py.
  @Test(
    arguments: [
      ("kohya_sgm", 2), ("tucker", 3), ("peft", 2), ("peft_wrapped", 2), ("before_peft", 2), ("old_text", 2),
      ("loha", 3), ("lokr", 2), ("dora_rows", 2), ("unet_adapter", 2), ("full", nil),
    ] as [(String, Int?)])
  func ranks(name: String, rank: Int?) throws {
    let folder = Repository.root.appending(path: "Tests/Fixtures/loras").path
    let file = try #require(ModelRegistry.loras(folder: folder).first { $0.name == name })
    #expect(file.rank == rank && file.error == nil)
  }

  @Test func anotherKindIsListedWithItsName() throws {
    let folder = try TemporaryFolder()
    try folder.write(try Self.file([:], [("decoder.conv_in.weight", [8, 4, 3, 3])]), to: "vae.safetensors")
    let file = try #require(ModelRegistry.loras(folder: folder.path).first)
    #expect(file.error == "vae.safetensors is a VAE, not a LoRA")
    #expect(file.type == nil)
  }

  @Test(
    arguments: [
      (["a.lora_down.weight": [4, 8]], .lora), (["a.lora_down.weight": [4, 8, 1, 1]], .lora),
      (["a.lora_A.weight": [4, 8, 3, 3]], .locon),
      (["a.lora_down.weight": [4, 8], "a.lora_mid.weight": [4, 4, 3, 3]], .locon),
      (["a.to_q_lora.down.weight": [4, 8]], .lora), (["a.lokr_w1": [4, 8]], .lokr),
      (["a.hada_w1_a": [4, 8], "b.w_norm": [8]], .loha), (["a.diff": [4, 8], "a.diff_b": [4]], .full),
      (["a.w_norm": [8]], .norm), (["a.lora_down.weight": [4, 8], "a.dora_scale": [8, 1]], .dora),
      (["a.lora_down.weight": [4, 8], "b.lokr_w1": [8, 1]], .mixed), (["a.weight": [4]], nil),
    ] as [([String: [Int]], LoRAType?)])
  func types(shapes: [String: [Int]], type: LoRAType?) {
    let tensors = shapes.map {
      TensorInfo(name: $0.key, dtype: .float16, shape: $0.value, offset: 0, byteCount: 0)
    }
    #expect(LoRAType(tensors) == type)
  }

  @Test func missingFolderIsAnEmptyList() {
    #expect(ModelRegistry.loras(folder: "/nonexistent/loras").isEmpty)
  }

  @Test(
    arguments: [
      (["modelspec.trigger_phrase": " one word, two ,,"], ["one word", "two"]),
      (["modelspec.trigger_phrase": " , ", "ss_tag_frequency": #"{"a": {"x": 1}}"#], ["x"]),
      (["ss_tag_frequency": "not JSON"], []), (["ss_tag_frequency": #"{"a": 1}"#], []),
      (["ss_tag_frequency": #"{"a": {"": 5, "y": 1, "x": 1}}"#], ["x", "y"]), ([:], []),
    ] as [([String: String], [String])])
  func triggerWords(notes: [String: String], words: [String]) {
    #expect(LoRATriggers.words(in: notes) == words)
  }

  @Test func atMostTenTriggerWords() {
    let tags = (1...30).map { "\"t\($0)\": \($0)" }.joined(separator: ",")
    let words = LoRATriggers.words(in: ["ss_tag_frequency": "{\"a\": {\(tags)}}"])
    #expect(words == (21...30).reversed().map { "t\($0)" })
  }
}
