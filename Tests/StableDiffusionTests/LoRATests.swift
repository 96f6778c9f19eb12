import Foundation
import NN
import Safetensors
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Tests/Fixtures/loras: an adapter in every layout for the pocket checkpoint, and what it makes of weights and latents.
enum LoRAFixtures {
  struct Case: Decodable, Sendable {
    let id: String
    let loras: [Entry]
    let unet: [Int], textEncoder: [Int], textEncoder2: [Int], notes: [Int]

    struct Entry: Decodable, Sendable {
      let name: String, strength: Double
    }
  }

  private struct Cases: Decodable { let cases: [Case] }

  /// Empty when the file cannot be read, which a test of its own finds.
  static let cases = (try? Fixture.decode("loras/cases.json", as: Cases.self))?.cases ?? []

  static func path(_ name: String) -> String { Fixture.path("Tests/Fixtures/loras/\(name).safetensors") }

  static func load(_ name: String, _ model: StableDiffusionXL) throws -> LoRA {
    try LoRA(path: path(name), for: model)
  }

  /// The latents of the request that the script asks diffusers for.
  static func latents(_ model: StableDiffusionXL) throws -> Tensor {
    let guidance = StableDiffusionXL.Guidance(scale: 4.5, negative: nil)
    let prompt = try model.prompt("a big red circle on a white background")
    let image = try model.condition(prompt, guidance: guidance, width: 64, height: 64)
    var run = try DenoisingRun(model, image, SamplingPlan(.euler, steps: 2), seed: 7)
    while try run.advance() {}
    return run.latents
  }

  /// A weight as the script records it: a matrix's rows times sin(1), sin(2), …
  static func probe(_ weight: Tensor) throws -> Tensor {
    guard weight.rank > 1 else { return weight }
    let rows = try weight.reshape(weight.size(0), -1).to(.float64)
    let sines = try Tensor((1...rows.size(1)).map { sin(Double($0)) }, [rows.size(1), 1])
    return try matmul(rows, sines).reshape(-1).to(.float32)
  }
}

@Suite struct LoRATests {
  @Test func thereAreCases() { #expect(LoRAFixtures.cases.count == 24) }

  /// One set after the other on the same model, so that each takes the last one off.
  @Test func weightsAndLatents() throws {
    try onTorch {
      let model = try Pocket.load()
      let answers = try Recorded("loras/answers")
      let parameters = model.networks.parameters
      for request in LoRAFixtures.cases {
        let loras = try request.loras.map {
          (lora: try LoRAFixtures.load($0.name, model), strength: $0.strength)
        }
        try model.apply(loras)
        let changed = parameters.names.filter { parameters[$0]?.patch != nil }
        let recorded = answers.file.header.names.filter { $0.hasPrefix(request.id + ".") }
        #expect(Set(changed) == Set(recorded.map { String($0.dropFirst(request.id.count + 1)) }))
        for name in changed {
          let probe = try LoRAFixtures.probe(#require(parameters[name]).value)
          #expect(try difference(probe, answers("\(request.id).\(name)")) < 1e-5, "\(request.id) \(name)")
        }
        let latents = try answers("latents.\(request.id)")
        #expect(try difference(LoRAFixtures.latents(model), latents) < 1e-3, "\(request.id)")
        for (index, lora) in loras.map(\.lora).enumerated() {
          let counts = (request.unet[index], request.textEncoder[index], request.textEncoder2[index])
          #expect(lora.layerCounts == counts, "\(request.id)")
          #expect(lora.notes.count == request.notes[index])
        }
      }
      // Gone without a trace.
      try model.apply([])
      #expect(parameters.names.allSatisfy { parameters[$0]?.patch == nil })
      #expect(try difference(LoRAFixtures.latents(model), answers("latents.plain")) < 1e-3)
    }
  }

  /// As the embedded model was trained with it.
  @Test func theEmbeddedLoRAFits() throws {
    try onTorch {
      let model = try Pocket.load()
      let lora = try LoRA(path: Fixture.path("models/loras/crayon.safetensors"), for: model)
      #expect(lora.layerCounts == (180, 0, 0))
    }
  }

  @Test func strengthZeroIsTheBase() throws {
    try onTorch {
      let model = try Pocket.load()
      let plain: [Float] = try LoRAFixtures.latents(model).values()
      let lora = try LoRAFixtures.load("kohya_sgm", model)
      try model.apply([(lora, 1)])
      let changed: [Float] = try LoRAFixtures.latents(model).values()
      #expect(changed != plain)
      try model.apply([(lora, 0)])
      #expect(try LoRAFixtures.latents(model).values() == plain)
      try model.apply([(lora, 1)])
      #expect(try LoRAFixtures.latents(model).values() == changed)
    }
  }

  @Test func patchesHaveTheirWeightsFormat() throws {
    try onTorch {
      let model = try StableDiffusionXL(
        Checkpoint(path: Pocket.path), vocabulary: Pocket.vocabulary(), options: .init(dtype: .bfloat16))
      try model.apply([(LoRAFixtures.load("full", model), 1), (LoRAFixtures.load("kohya_sgm", model), 1)])
      let parameters = model.networks.parameters
      var formats: Set<Torch.DType> = []
      for parameter in parameters.names.compactMap({ parameters[$0] }) {
        guard let patch = parameter.patch else { continue }
        #expect(patch.dtype == parameter.base.dtype && patch.shape == parameter.base.shape)
        if let dtype = patch.dtype { formats.insert(dtype) }
      }
      #expect(formats == [.bfloat16, .float16, .float32])
    }
  }

  @Test func anEndInTheMiddleLeavesNothing() throws {
    struct Enough: Error {}
    try onTorch {
      let model = try Pocket.load()
      let lora = try LoRAFixtures.load("kohya_sgm", model)
      var pauses = 0
      #expect(throws: Enough.self) {
        try model.apply([(lora, 1)]) {
          pauses += 1
          if pauses == 5 { throw Enough() }
        }
      }
      let parameters = model.networks.parameters
      #expect(parameters.names.allSatisfy { parameters[$0]?.patch == nil })
    }
  }

  /// A test of the process's own counter: alone in a process.
  @Test func callsOfAMatrix() async {
    await #expect(processExitsWith: .success) {
      try onTorch {
        let model = try Pocket.load()
        let lora = try LoRAFixtures.load("peft", model)
        let before = Runtime.calls
        try model.apply([(lora, 0.5)])
        // Four matrices, two factors each to be widened and one product; one convolution with four reshapes more.
        #expect(Runtime.calls - before == 4 * 3 + 7)
      }
    }
  }

  /// What trainers write into one file beside the LoRA.
  @Test func harmlessTensorsAreNamed() throws {
    var copy = try SafetensorsCopy(path: LoRAFixtures.path("kohya_diffusers"))
    let zeros = SafetensorsCopy.Tensor(.float16, zeros: [2, 64])
    copy.tensors["bundle_emb.cat.clip_l"] = zeros
    copy.tensors["lora_te1_text_projection.lora_down.weight"] = zeros
    copy.tensors["text_encoders.clip_l.transformer.text_projection.lora_up.weight"] = zeros
    copy.tensors["lora_unet_conv_out.alpha"] = SafetensorsCopy.Tensor(.float16, zeros: [])
    let folder = try TemporaryFolder()
    let path = try folder.write(copy.encoded(), to: "style.safetensors")
    try onTorch {
      let lora = try LoRA(path: path, for: Pocket.load())
      #expect(
        lora.notes == [
          "style.safetensors: lora_te1_text_projection.lora_down.weight, text_encoders.clip_l.transformer.text_projection.lora_up.weight not used: SDXL pools the second text encoder alone",
          "style.safetensors: bundle_emb.cat.clip_l not used: they are textual inversions, which are asked for by files of their own",
          "style.safetensors: lora_unet_conv_out.alpha not used: they multiply nothing",
        ])
    }
  }
}

/// Every layer of the model is found by every name, and no name stands for two.
@Suite struct LoRANamesTests {
  @Test func everyLayerByEveryName() throws {
    try onTorch {
      let model = try Pocket.load()
      let parameters = model.networks.parameters
      let names = LoRANames(parameters, model.checkpoint.names)
      func underscored(_ name: String) -> String { name.replacingOccurrences(of: ".", with: "_") }
      var spellings: [String: String] = [:]
      func expect(_ spelling: String, _ layer: String) {
        #expect(names.layer(spelling) == layer, "\(spelling)")
        #expect(spellings.updateValue(layer, forKey: spelling) ?? layer == layer, "\(spelling)")
      }
      for weight in parameters.names {
        let layer = weight.components.dropLast().joined(separator: ".")
        if let name = layer.dropping("unet.") {
          let key = try #require(model.checkpoint.names.key(weight)?.dropping(SingleFileNames.unet))
          expect("lora_unet_" + underscored(key.components.dropLast().joined(separator: ".")), layer)
          expect("lora_unet_" + underscored(name), layer)
          expect("base_model.model." + name, layer)
        } else if let name = layer.dropping("text_encoder.") {
          expect("lora_te1_" + underscored(name), layer)
          expect("lora_te1_" + underscored(name.dropping("text_model.") ?? name), layer)
          expect("text_encoders.clip_l.transformer." + name, layer)
        } else if let name = layer.dropping("text_encoder_2.") {
          expect("lora_te2_" + underscored(name), layer)
          expect("text_encoders.clip_g.transformer." + name, layer)
        } else {
          #expect(names.layer(layer) == nil, "\(layer)")
          continue
        }
        expect(layer, layer)
      }
      #expect(spellings.count > 1200)
    }
  }

  private static let known: [(spelling: String, layer: String?)] = [
    ("lora_unet_label_emb_0_0", "unet.add_embedding.linear_1"), ("lora_unet_out_2", "unet.conv_out"),
    ("lora_unet_input_blocks_0_0", "unet.conv_in"),
    ("lora_unet_input_blocks_3_0_op", "unet.down_blocks.0.downsamplers.0.conv"),
    ("lora_te2_text_projection", "text_encoder_2.text_projection"),
    ("lora_te2_text_model_encoder_layers_1_mlp_fc2", "text_encoder_2.text_model.encoder.layers.1.mlp.fc2"),
    (
      "text_encoder.encoder.layers.0.self_attn.q_proj",
      "text_encoder.text_model.encoder.layers.0.self_attn.q_proj"
    ),
    (
      "text_encoder_2.text_model.encoder.layers.1.self_attn.to_out",
      "text_encoder_2.text_model.encoder.layers.1.self_attn.out_proj"
    ),
    (
      "text_encoder.encoder.layers.0.self_attn.to_k",
      "text_encoder.text_model.encoder.layers.0.self_attn.k_proj"
    ), ("text_encoders.clip_g.transformer.text_projection", "text_encoder_2.text_projection"),
    (
      "unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_out",
      "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0"
    ), ("lora_te_text_model_encoder_layers_0_mlp_fc1", nil), ("lora_vae_decoder_conv_in", nil), ("", nil),
  ]

  @Test func someByHand() throws {
    try onTorch {
      let model = try Pocket.load()
      let names = LoRANames(model.networks.parameters, model.checkpoint.names)
      for (spelling, layer) in Self.known { #expect(names.layer(spelling) == layer, "\(spelling)") }
    }
  }
}
