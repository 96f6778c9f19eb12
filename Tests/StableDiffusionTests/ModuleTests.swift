import Testing
import Torch

@testable import NN
@testable import StableDiffusion

/// The parts of the networks against what diffusers answers (Tests/Fixtures/modules).
@Suite struct ModuleTests {
  @Test(arguments: [
    ("unet", 32, 48 as Int?, 1e-5), ("unet_shortcut", 64, 48, 1e-5), ("vae", 32, nil, 1e-6),
    ("vae_shortcut", 64, nil, 1e-6),
  ])
  func resnetBlock(_ name: String, channels: Int, temb: Int?, eps: Double) throws {
    try onTorch {
      let file = try Recorded("modules/resnet_block_\(name)")
      func answer(eps: Double) throws -> Tensor {
        let block = try ResnetBlock2D(file.module, in: channels, out: 32, temb: temb, eps: eps)
        return try block(file("in.x"), temb: temb == nil ? nil : silu(file("in.temb")))
      }
      #expect(try difference(answer(eps: eps), file("out.y")) < 1e-5)
      // The other eps must not pass for this one.
      #expect(try difference(answer(eps: eps == 1e-5 ? 1e-6 : 1e-5), file("out.y")) > 1e-4)
    }
  }

  @Test func selfAttention() throws {
    try onTorch {
      let file = try Recorded("modules/attention_self_1")
      let attention = try Attention(file.module, 64)
      #expect(try difference(attention(file("in.x")), file("out.y")) < 1e-5)
    }
  }

  @Test func crossAttention() throws {
    try onTorch {
      let file = try Recorded("modules/attention_cross_2")
      let attention = try Attention(file.module, 128, context: 40)
      #expect(try difference(attention(file("in.x"), context: file("in.context")), file("out.y")) < 1e-5)
    }
  }

  /// Heads are 64 channels next to each other.
  @Test(arguments: 1...3) func attentionHeads(_ heads: Int) throws {
    try onTorch {
      let file = try Recorded("modules/attention_heads_\(heads)")
      func split(_ name: String) throws -> Tensor {
        let x = try file(name)
        return try x.reshape(x.size(0), x.size(1), heads, Channels.head).transpose(1, 2)
      }
      let answer = try scaledDotProductAttention(split("in.q"), split("in.k"), split("in.v"))
      let expected = try file("out.y")
      #expect(try difference(answer.transpose(1, 2).reshape(expected.shape), expected) < 1e-5)
    }
  }

  @Test func channelsThatMakeNoHeadsAreRefused() throws {
    let file = try Recorded("modules/attention_self_1")
    let error = #expect(throws: WeightError.self) { try Attention(file.module, 96) }
    #expect(error?.tensor == "weights.to_q.weight")
  }

  @Test func feedForward() throws {
    try onTorch {
      let file = try Recorded("modules/feed_forward")
      #expect(try difference(FeedForward(file.module, 24)(file("in.x")), file("out.y")) < 1e-5)
    }
  }

  @Test func basicTransformerBlock() throws {
    try onTorch {
      let file = try Recorded("modules/basic_transformer_block")
      let block = try BasicTransformerBlock(file.module, 64, context: 40)
      #expect(
        try difference(
          block(file("in.x"), context: AttentionContext(text: file("in.context"))), file("out.y")) < 1e-5)
    }
  }

  @Test func transformer2D() throws {
    try onTorch {
      let file = try Recorded("modules/transformer_2d")
      let model = try Transformer2DModel(file.module, 64, context: 40)
      #expect(model.transformerBlocks.count == 2)
      #expect(
        try difference(
          model(file("in.x"), context: AttentionContext(text: file("in.context"))), file("out.y")) < 1e-5)
    }
  }

  @Test func vaeAttention() throws {
    try onTorch {
      let file = try Recorded("modules/vae_attention")
      #expect(try difference(VAEAttention(file.module, 64)(file("in.x")), file("out.y")) < 1e-5)
    }
  }

  @Test(arguments: [
    ("downsample_unet", Downsample2D.Side.around), ("downsample_vae_encoder", .rightAndBottom),
    ("downsample_vae_encoder_even", .rightAndBottom),
  ])
  func downsample(_ name: String, side: Downsample2D.Side) throws {
    try onTorch {
      let file = try Recorded("modules/\(name)")
      let layer = try Downsample2D(file.module, 32, padding: side)
      #expect(try difference(layer(file("in.x")), file("out.y")) < 1e-5)
    }
  }

  @Test func upsample() throws {
    try onTorch {
      let file = try Recorded("modules/upsample")
      let layer = try Upsample2D(file.module, 32)
      #expect(try difference(layer(file("in.x")), file("out.y")) < 1e-5)
      #expect(try difference(layer(file("in.x"), size: (9, 13)), file("out.y_sized")) < 1e-5)
    }
  }

  @Test(arguments: [256, 320]) func timesteps(_ dim: Int) throws {
    try onTorch {
      let file = try Recorded("modules/timesteps")
      let times = try file("in.t").values(Double.self)
      #expect(try difference(Timesteps.embed(times, dim: dim), file("out.dim\(dim)")) < 1e-4)
    }
  }

  @Test func timestepEmbedding() throws {
    try onTorch {
      let file = try Recorded("modules/timestep_embedding")
      let embedding = try TimestepEmbedding(file.module)
      #expect((embedding.inC, embedding.outC) == (32, 128))
      #expect(try difference(embedding(file("in.x")), file("out.y")) < 1e-5)
    }
  }
}
