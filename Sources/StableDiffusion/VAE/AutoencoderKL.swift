import NN
import Torch

/// Pictures to latents and back, eight pixels to one position.
/// Source: diffusers `models/autoencoders/autoencoder_kl.py`, AutoencoderKL as SDXL configures it.
final class AutoencoderKL {
  let encoder: Encoder, quantConv: Conv2d
  let decoder: Decoder, postQuantConv: Conv2d
  let formats: NumberFormats
  let latentC: Int
  /// How its latents look; fitted when it is first asked for, and `nil` within where it cannot be.
  var previewMap: LatentPreview??

  /// What latents are multiplied by between the VAE and the UNet. Source: SDXL's `vae/config.json`.
  static let scalingFactor = 0.13025
  /// Pixels to a latent position, each way.
  static let scale = 8

  init(_ w: Weights) throws {
    latentC = try w["post_quant_conv"].shape("weight", rank: 4)[0]
    encoder = try Encoder(w["encoder"], latentC: latentC)
    quantConv = try Conv2d(w["quant_conv"], 2 * latentC, 2 * latentC, kernel: 1)
    postQuantConv = try Conv2d(w["post_quant_conv"], latentC, latentC, kernel: 1)
    decoder = try Decoder(w["decoder"], latentC: latentC)
    formats = w.formats
    try checkScale(w)
  }

  /// Every halving is a level that ends in one; a level more or less is another picture size.
  private func checkScale(_ w: Weights) throws {
    let halvings = encoder.downBlocks.count { $0.downsampler != nil }
    let doublings = decoder.upBlocks.count { $0.upsampler != nil }
    guard 1 << min(halvings, 8) == Self.scale, halvings == doublings else {
      throw w["decoder"]["conv_in"].unsuitable(
        "weight", "the VAE halves \(halvings) times and doubles \(doublings) times, SDXL's three times")
    }
  }

  /// Pixels up to which a picture is decoded in one piece: SDXL's own size. A larger one goes in bands.
  static let largestWhole = 1024 * 1024

  /// - Parameters: latents as the UNet has them, `[B, 4, H, W]`; bands for a picture to be decoded in bands of rows;
  ///   pause called between blocks: what it throws ends the decoding, which takes long for a large picture.
  /// - Returns: float32 pictures, −1 to 1 and a little beyond, `[B, 3, 8H, 8W]`.
  func decode(_ latents: Tensor, bands: RowBands? = nil, pause: () throws -> Void = {}) throws -> Tensor {
    let z = try postQuantConv(latents.to(formats.sums) * (1 / Self.scalingFactor))
    return try (bands.map { try decoder(z, in: $0) } ?? decoder(z, pause: pause)).to(.float32)
  }

  /// - Parameters: picture −1 to 1, `[B, 3, 8H, 8W]`; bands for it to be read in bands of rows; pause called between
  ///   blocks: what it throws ends the encoding.
  /// - Returns: float32 mean and log-variance of the latents' distribution, unscaled, `[B, 8, H, W]`.
  func encode(_ picture: Tensor, bands: RowBands? = nil, pause: () throws -> Void = {}) throws -> Tensor {
    let x = try picture.to(formats.sums)
    return try quantConv(bands.map { try encoder(x, in: $0) } ?? encoder(x, pause: pause)).to(.float32)
  }
}

/// Source: diffusers `models/autoencoders/vae.py`, Encoder.
final class Encoder {
  let convIn: Conv2d, downBlocks: [VAEBlock], midBlock: VAEMidBlock
  let convNormOut: GroupNorm, convOut: Conv2d

  init(_ w: Weights, latentC: Int) throws {
    var channels = try w["conv_in"].shape("weight", rank: 4)[0]
    convIn = try Conv2d(w["conv_in"], 3, channels, kernel: 3, padding: 1)
    downBlocks = try (0..<w.count("down_blocks")).map {
      let block = try VAEBlock(w["down_blocks"][$0], in: channels)
      channels = block.outC
      return block
    }
    midBlock = try VAEMidBlock(w["mid_block"], channels)
    convNormOut = try GroupNorm(
      w["conv_norm_out"], groups: Channels.normGroups, channels: channels, eps: 1e-6)
    convOut = try Conv2d(w["conv_out"], channels, 2 * latentC, kernel: 3, padding: 1)
  }

  /// - Parameter x: `[B, 3, 8H, 8W]`. - Returns: `[B, 8, H, W]`.
  func callAsFunction(_ x: Tensor, pause: () throws -> Void = {}) throws -> Tensor {
    var h = try convIn(x)  // [B, C0, 8H, 8W]
    for block in downBlocks { h = try block(h, pause: pause) }  // [B, C3, H, W]
    try pause()
    return try convOut(silu(convNormOut(midBlock(h))))
  }

  /// The same in bands of rows, as long as the maps are large.
  func callAsFunction(_ x: Tensor, in bands: RowBands) throws -> Tensor {
    var h = try bands(convIn, x)  // [B, C0, 8H, 8W]
    for block in downBlocks {
      for resnet in block.resnets { h = try bands(resnet, h) }
      if let downsampler = block.downsampler { h = try bands(downsampler, h) }
    }
    try bands.pause()
    return try convOut(silu(convNormOut(midBlock(h))))  // [B, 8, H, W]
  }
}

/// Source: diffusers `models/autoencoders/vae.py`, Decoder.
final class Decoder {
  let convIn: Conv2d, midBlock: VAEMidBlock, upBlocks: [VAEBlock]
  let convNormOut: GroupNorm, convOut: Conv2d

  init(_ w: Weights, latentC: Int) throws {
    var channels = try w["conv_in"].shape("weight", rank: 4)[0]
    convIn = try Conv2d(w["conv_in"], latentC, channels, kernel: 3, padding: 1)
    midBlock = try VAEMidBlock(w["mid_block"], channels)
    upBlocks = try (0..<w.count("up_blocks")).map {
      let block = try VAEBlock(w["up_blocks"][$0], in: channels)
      channels = block.outC
      return block
    }
    convNormOut = try GroupNorm(
      w["conv_norm_out"], groups: Channels.normGroups, channels: channels, eps: 1e-6)
    convOut = try Conv2d(w["conv_out"], channels, 3, kernel: 3, padding: 1)
  }

  /// - Parameter z: `[B, 4, H, W]`. - Returns: `[B, 3, 8H, 8W]`.
  func callAsFunction(_ z: Tensor, pause: () throws -> Void = {}) throws -> Tensor {
    var h = try midBlock(convIn(z))  // [B, C0, H, W]
    for block in upBlocks { h = try block(h, pause: pause) }  // [B, C3, 8H, 8W]
    try pause()
    return try convOut(silu(convNormOut(h)))
  }

  /// The same in bands of rows.
  func callAsFunction(_ z: Tensor, in bands: RowBands) throws -> Tensor {
    var h = try midBlock(convIn(z))  // [B, C0, H, W]
    for block in upBlocks {
      for resnet in block.resnets { h = try bands(resnet, h) }
      if let upsampler = block.upsampler { h = try bands(upsampler, h) }
    }
    return try bands.normalised(h, convNormOut, convOut)  // [B, 3, 8H, 8W]
  }
}
