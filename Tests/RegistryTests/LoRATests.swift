import Foundation
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
      try Self.file(["modelspec.architecture": "stable-diffusion-xl-v1-base/lora", "ss_network_dim": "16"]),
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
    #expect(loras[0].error == nil)
    #expect(loras[1].sizeBytes == kohya.count - 1)
    #expect(loras[1].error?.contains("cut short") == true)
    #expect(loras[1].error?.contains(folder.path) == false)
    #expect(loras[2].sizeBytes == kohya.count)
    #expect(loras[2].baseModel == "sdxl_base_v1-0")
    #expect(loras[2].rank == 8)
    #expect(loras[2].triggerWords == ["often", "some", "rare"])
    #expect(loras[2].error == nil)
    #expect(loras[3].error?.contains("not a regular file") == true)
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
