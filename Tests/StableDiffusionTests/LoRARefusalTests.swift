import Foundation
import Safetensors
import TestSupport
import Testing

@testable import StableDiffusion

/// A wrong LoRA file, and what is said of it.
struct WrongLoRA: Sendable {
  typealias Tensors = [String: SafetensorsCopy.Tensor]

  let fixture: String
  let said: String
  let make: @Sendable (inout Tensors) -> Void

  init(_ fixture: String, _ said: String, make: @escaping @Sendable (inout Tensors) -> Void) {
    (self.fixture, self.said, self.make) = (fixture, said, make)
  }
}

/// Files that are not for this model, or not sound: each is refused by name, with the tensor.
@Suite struct LoRARefusalTests {
  static let query = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q"
  static let peft = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
  static let halve = "lora_unet_input_blocks_3_0_op"
  static let text = "lora_te1_text_model_encoder_layers_0_self_attn_out_proj"
  static let double = "lora_unet_output_blocks_5_2_conv"

  static let wrong: [WrongLoRA] = [
    WrongLoRA(
      "kohya_sgm", "tensor lora_unet_x.lora_down.weight is for a layer that pocket.safetensors does not have"
    ) {
      $0["lora_unet_x.lora_down.weight"] = $0[query + ".lora_down.weight"]
    },
    WrongLoRA("kohya_sgm", "tensor \(query).oft_blocks is of no kind of LoRA that is known here") {
      $0[query + ".oft_blocks"] = $0.removeValue(forKey: query + ".lora_down.weight")
    },
    WrongLoRA("kohya_sgm", "tensor \(query).lora_down.weight is there without its lora_up") {
      $0[query + ".lora_up.weight"] = nil
    },
    WrongLoRA("kohya_sgm", "tensor \(query).lora_down.weight has shape [2, 127], expected [2, 128]") {
      $0[query + ".lora_down.weight"] = .init(.float16, zeros: [2, 127])
    },
    WrongLoRA("kohya_sgm", "tensor \(query).lora_up.weight has shape [128, 3], expected [128, 2]") {
      $0[query + ".lora_up.weight"] = .init(.float16, zeros: [128, 3])
    },
    WrongLoRA(
      "kohya_sgm", "tensor \(query).lora_down.weight has shape [0, 128], too few sizes or one of zero"
    ) {
      $0[query + ".lora_down.weight"] = .init(.float16, zeros: [0, 128])
    },
    WrongLoRA("kohya_sgm", "tensor \(halve).lora_down.weight has shape [2, 64, 1, 1], expected [2, 64, 3, 3]")
    {
      $0[halve + ".lora_down.weight"] = .init(.float16, zeros: [2, 64, 1, 1])
    },
    WrongLoRA("kohya_sgm", "tensor \(query).alpha has shape [2], expected a single number") {
      $0[query + ".alpha"] = .init(.float16, zeros: [2])
    },
    WrongLoRA("kohya_sgm", "tensor \(query).alpha is no finite number") {
      $0[query + ".alpha"] = .init(.float16, [], Data([0, 0x7E]))
    },
    WrongLoRA("kohya_sgm", "tensor \(query).lora_up.weight has numbers that are not finite") {
      $0[query + ".lora_up.weight"]?.data = Data([0, 0x7C]) + Data(count: 510)
    },
    WrongLoRA("kohya_sgm", "tensor \(query).lora_up.weight is I16, expected floating-point numbers") {
      $0[query + ".lora_up.weight"]?.dtype = .int16
    },
    WrongLoRA("kohya_sgm", "is there twice, under two names of its layer") {
      $0["lora_unet_conv_in.lora_up.weight"] = $0["lora_unet_input_blocks_0_0.lora_up.weight"]
    },
    WrongLoRA("kohya_sgm", "tensor \(query).hada_w1_a is there without its hada_w1_b") {
      $0[query + ".hada_w1_a"] = .init(.float16, zeros: [128, 2])
    },
    WrongLoRA("kohya_sgm", "tensor \(query).diff is of another kind than \(query).lora_down.weight") {
      $0[query + ".diff"] = .init(.float16, zeros: [128, 128])
    },
    WrongLoRA("kohya_sgm", "tensor \(query).diff_b is for a layer without a bias") {
      $0[query + ".diff_b"] = .init(.float16, zeros: [128])
    },
    WrongLoRA("kohya_sgm", "tensor lora_unet_out_0.lora_down.weight factors a weight that is no matrix") {
      $0["lora_unet_out_0.lora_down.weight"] = .init(.float16, zeros: [2, 64])
      $0["lora_unet_out_0.lora_up.weight"] = .init(.float16, zeros: [64, 2])
    },
    WrongLoRA("tucker", "tensor \(halve).lora_mid.weight has shape [3, 3, 1, 1], expected [3, 3, 3, 3]") {
      $0[halve + ".lora_mid.weight"] = .init(.float16, zeros: [3, 3, 1, 1])
    },
    WrongLoRA("loha", "tensor \(query).hada_w2_b has another rank than \(query).hada_w1_b") {
      $0[query + ".hada_w2_a"] = .init(.float16, zeros: [128, 4])
      $0[query + ".hada_w2_b"] = .init(.float16, zeros: [4, 128])
    },
    WrongLoRA("lokr", "tensor \(query).lokr_w1 gives 7 × 4, which do not divide 128 × 128") {
      $0[query + ".lokr_w1"] = .init(.float16, zeros: [7, 4])
    },
    WrongLoRA("lokr", "tensor \(query).lokr_w2 gives 16 × 31, expected 16 × 32") {
      $0[query + ".lokr_w2"] = .init(.float16, zeros: [16, 31])
    },
    WrongLoRA("lokr", "tensor \(query).lokr_w1_a is a factor of \(query).lokr_w1, which is there too") {
      $0[query + ".lokr_w1_a"] = .init(.float16, zeros: [8, 1])
    },
    WrongLoRA("lokr", "tensor \(double).lokr_t2 has shape [2, 2, 2, 2], expected [2, 2, 3, 3]") {
      $0[double + ".lokr_t2"] = .init(.float16, zeros: [2, 2, 2, 2])
    },
    WrongLoRA("full", "tensor \(text).diff_b has shape [63], expected [64]") {
      $0[text + ".diff_b"] = .init(.float16, zeros: [63])
    },
    WrongLoRA(
      "dora_rows", "tensor \(query).dora_scale has shape [1, 5], expected one number for each of 128 rows"
    ) {
      $0[query + ".dora_scale"] = .init(.float32, zeros: [1, 5])
    },
    WrongLoRA("dora_rows", "tensor \(query).dora_scale has no factors beside it") { tensors in
      for part in ["lora_down.weight", "lora_up.weight"] { tensors["\(query).\(part)"] = nil }
    },
    WrongLoRA("peft_dora", "lora_magnitude_vector says the same as \(peft).dora_scale") {
      $0[peft + ".dora_scale"] = .init(.float32, zeros: [128, 1])
    },
    WrongLoRA("full", "tensor \(text).lora_B.bias is there without its lora_up") {
      $0[text + ".lora_B.bias"] = .init(.float16, zeros: [64])
    },
    WrongLoRA(
      "kohya_sgm",
      "tensors lora_unet_x.alpha, lora_unet_x.lora_down.weight are for layers that pocket.safetensors does not have; tensor extra is of no kind of LoRA that is known here"
    ) {
      for name in ["lora_unet_x.lora_down.weight", "lora_unet_x.alpha", "extra"] {
        $0[name] = .init(.float16, zeros: [1])
      }
    },
    WrongLoRA("kohya_sgm", "x59.alpha and 20 more are for layers that pocket.safetensors does not have") {
      tensors in
      for index in 10..<80 { tensors["lora_unet_x\(index).alpha"] = .init(.float16, zeros: [1]) }
    },
    // Of other models
    WrongLoRA(
      "kohya_sgm",
      "matches nothing in pocket.safetensors: lora_unet_double_blocks_0.lora_down.weight; the file"
    ) {
      $0 = ["lora_unet_double_blocks_0.lora_down.weight": .init(.float16, zeros: [4, 8])]
    },
    WrongLoRA("kohya_sgm", "the file looks made for FLUX") {
      $0["transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight"] = .init(.float16, zeros: [4, 8])
    },
    WrongLoRA("kohya_sgm", "the file looks made for Stable Diffusion 1.x") {
      let key = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"
      $0[key] = .init(.float16, zeros: [4, 768])
    },
    WrongLoRA("kohya_sgm", "is a VAE, not a LoRA") {
      $0 = ["decoder.conv_in.weight": .init(.float16, zeros: [8, 4, 3, 3])]
    },
    WrongLoRA("kohya_sgm", "is a file without tensors") { $0 = [:] },
  ]

  /// What is said of a file; `nil` when it is taken.
  private func refusal(_ data: Data, _ model: StableDiffusionXL) throws -> String? {
    let folder = try TemporaryFolder()
    let path = try folder.write(data, to: "wrong.safetensors")
    do {
      _ = try LoRA(path: path, for: model)
      return nil
    } catch let error as LoRAError {
      #expect(error.description.hasPrefix("wrong.safetensors"))
      #expect(!error.description.contains("/"))
      return error.description
    }
  }

  @Test func eachIsRefusedByName() throws {
    try onTorch {
      let model = try Pocket.load()
      for wrong in Self.wrong {
        var copy = try SafetensorsCopy(path: LoRAFixtures.path(wrong.fixture))
        wrong.make(&copy.tensors)
        let said = try refusal(copy.encoded(), model)
        #expect(said?.contains(wrong.said) == true, "\(wrong.said) · \(said ?? "taken")")
      }
    }
  }

  /// The strength hangs on what is noted of the alphas.
  @Test(arguments: [
    ("[1]", "the note lora_adapter_metadata is not an object of JSON"), ("{", "is not an object of JSON"),
    (#"{"unet.lora_alpha": "6"}"#, "in the note lora_adapter_metadata, unet.lora_alpha is not a number"),
    (#"{"use_rslora": 1}"#, "use_rslora is neither true nor false"),
    (#"{"unet.alpha_pattern": 3}"#, "unet.alpha_pattern is not an object"),
    (#"{"unet.alpha_pattern": {"to_q": true}}"#, "unet.alpha_pattern is not a number"),
    (#"{"alpha_pattern": {"(to_q": 3}}"#, "alpha_pattern has (to_q, which is no regular expression"),
    (#"{"peft_type": "LOKR", "alpha": 4}"#, "peft_type is not LORA"),
  ])
  func notes(text: String, said: String) throws {
    var copy = try SafetensorsCopy(path: LoRAFixtures.path("peft_alpha"))
    copy.metadata["lora_adapter_metadata"] = text
    try onTorch {
      let message = try refusal(copy.encoded(), Pocket.load())
      #expect(message?.contains(said) == true, "\(message ?? "taken")")
    }
  }

  @Test func noteOfTooManyOpenExpressions() throws {
    var copy = try SafetensorsCopy(path: LoRAFixtures.path("peft_alpha"))
    let patterns = (0..<33).map { "\"a*\($0)\": 1" }.joined(separator: ",")
    copy.metadata["lora_adapter_metadata"] = "{\"alpha_pattern\": {\(patterns)}}"
    try onTorch {
      let message = try refusal(copy.encoded(), Pocket.load())
      #expect(message?.contains("more than 32 expressions") == true)
    }
  }

  @Test func aFileCutShort() throws {
    let whole = try Fixture.bytes("Tests/Fixtures/loras/kohya_sgm.safetensors")
    try onTorch {
      let model = try Pocket.load()
      for bytes in [0, 7, 100, whole.count / 2, whole.count - 1] {
        #expect(try refusal(Data(whole.prefix(bytes)), model) != nil)
      }
      #expect(try refusal(Data(whole.dropLast()), model)?.contains("is cut short") == true)
      #expect(try refusal(Data(whole), model) == nil)
      let gone = #expect(throws: LoRAError.self) { try LoRA(path: "/nowhere/x.safetensors", for: model) }
      #expect(gone?.description.hasPrefix("x.safetensors: cannot be opened") == true)
    }
  }
}
