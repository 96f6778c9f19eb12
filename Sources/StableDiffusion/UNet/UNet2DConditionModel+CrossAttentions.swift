extension UNet2DConditionModel {
  /// Every attention, a block's own before that to the text, in the order in which IP-Adapters number them: down, up,
  /// then the middle.
  /// Source: diffusers `models/unets/unet_2d_condition.py`, where `mid_block` is set last, and with it comes last in
  /// `attn_processors`.
  var attentions: [Attention] {
    let transformers =
      encoder.downBlocks.flatMap(\.attentions) + upBlocks.flatMap(\.attentions)
      + [encoder.midBlock.rest?.attention].compactMap(\.self)
    return transformers.flatMap(\.transformerBlocks).flatMap { [$0.attn1, $0.attn2] }
  }

  /// Those to the text.
  var crossAttentions: [Attention] { attentions.enumerated().filter { $0.offset % 2 == 1 }.map(\.element) }

  /// Height and width of the feature maps of each level, for latents of `height` × `width`.
  func mapSizes(height: Int, width: Int) -> [(height: Int, width: Int)] {
    var size = (height: height, width: width)
    return encoder.downBlocks.indices.map { level in
      if level > 0 { size = ((size.height + 1) / 2, (size.width + 1) / 2) }
      return size
    }
  }
}
