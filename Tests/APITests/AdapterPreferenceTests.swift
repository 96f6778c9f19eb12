import Foundation
import Generation
import HTTP
import Images
import JSON
import Testing

/// Which IP-Adapter is taken where none is named, and whose mistake a face is.
@Suite struct AdapterPreferenceTests {
  private typealias Tensors = [(name: String, shape: [Int])]

  private static func plain(encoder: Int = 4, context: Int = 6) -> Tensors {
    [("image_proj.proj.weight", [2, encoder]), ("image_proj.norm.weight", [context])]
  }

  private static func plus(encoder: Int = 5, context: Int = 6) -> Tensors {
    [
      ("image_proj.latents", [1, 2, 3]), ("image_proj.proj_in.weight", [3, encoder]),
      ("image_proj.norm_out.weight", [context]),
    ]
  }

  private static let face: Tensors = [
    ("image_proj.proj.0.weight", [2, 3]), ("image_proj.perceiver_resampler.proj_in.weight", [2, 5]),
    ("image_proj.norm.weight", [6]),
  ]

  /// With an encoder that gives 4 channels of a summary and 5 of a patch, and a model whose attentions take 6.
  private static func bench(
    _ adapters: [String: Tensors], _ engine: ScriptedEngine = ScriptedEngine()
  ) throws -> Bench {
    let bench = try Bench(engine: engine)
    try bench.add(
      "ip-adapter/image_encoder/model.safetensors",
      [("visual_projection.weight", [4, 5]), ("vision_model.embeddings.class_embedding", [5])])
    let attention = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
    try bench.add("pony.safetensors", attention, [2, 6])
    for (name, tensors) in adapters { try bench.add("ip-adapter/\(name).safetensors", tensors) }
    return bench
  }

  private static func picture() throws -> JSONValue {
    let image = try #require(RGBImage(width: 8, height: 8, pixels: Array(repeating: 7, count: 192)))
    return .string(Data(try PNG.encode(image)).base64EncodedString())
  }

  /// - Parameter faces: of each reference; `nil` is none.
  private func post(_ bench: Bench, faces: [JSONValue?] = [nil]) async throws -> HTTPResponse {
    let picture = try Self.picture()
    let references = faces.map { face -> JSONValue in
      face.map { ["image": picture, "face_embedding": $0] } ?? ["image": picture]
    }
    let body: JSONObject = ["prompt": "a", "model": "pony", "reference_images": .array(references)]
    return await bench.post(String(decoding: JSONValue.object(body).encoded(), as: UTF8.self))
  }

  @Test func theOneThatServesBest() async throws {
    var adapters: [String: Tensors] = [
      "a-face": Self.face, "b-other-encoder": Self.plain(encoder: 9), "c-plus": Self.plus(),
      "d-other-model": Self.plain(context: 7), "e-unknown": [("ip_adapter.1.to_k_ip.weight", [2, 6])],
      "f-plain": Self.plain(), "g-plain": Self.plain(), "ip-adapter_sdxl_vit-h": Self.plus(),
    ]
    for expected in ["ip-adapter_sdxl_vit-h", "f-plain", "g-plain", "c-plus", "e-unknown"] {
      let bench = try Self.bench(adapters)
      #expect(try await post(bench).status == 200)
      #expect(bench.engine.requests.last?.reference?.adapter.name == expected)
      #expect(try await post(bench, faces: [[1], [1]]).status == 200)
      #expect(bench.engine.requests.last?.reference?.adapter.name == "a-face")
      #expect(try await post(bench, faces: [[1], nil]).status == 200)
      #expect(bench.engine.requests.last?.reference?.adapter.name == expected)
      adapters[expected] = nil
    }
    let none = try await post(Self.bench(adapters))
    #expect((none.status, none.json["code"]) == (503, "no_ip_adapter"))
    #expect(
      none.json["detail"]
        == .string(
          """
          There is no IP-Adapter to read references with (a-face: it wants a face_embedding beside each reference; \
          b-other-encoder: it takes embeddings of width 9, and the image encoder gives 4; d-other-model: it makes \
          tokens of width 7, and the model's attentions take 6): put ip-adapter_sdxl_vit-h.safetensors into \
          ip-adapter in the models folder
          """))
  }

  @Test func aWrongFaceIsTheClients() async throws {
    let engine = ScriptedEngine { _ in
      throw GenerationError(
        .invalidRequest, "it takes no embedding of a face", field: "face_embedding", element: 2)
    }
    let bench = try Self.bench(["plain": Self.plain()], engine)
    let reply = try await post(bench, faces: [nil, nil, [1, 2]])
    #expect((reply.status, reply.places) == (422, ["reference_images.2.face_embedding"]))
    #expect(reply.messages == ["Value error, it takes no embedding of a face"])
    #expect(reply.json["detail"]?.arrayValue?.first?["input"] == [1, 2])
    let picture = try Self.picture()
    let body: JSONObject = [
      "prompt": "a", "model": "pony", "ip_adapter": "plain", "reference_image": picture,
      "reference_images": [picture, picture],
    ]
    let alone = await bench.post(String(decoding: JSONValue.object(body).encoded(), as: UTF8.self))
    #expect((alone.status, alone.places) == (422, ["reference_images.1"]))
  }
}
