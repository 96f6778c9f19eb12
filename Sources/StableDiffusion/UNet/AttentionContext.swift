import Torch

/// What the attentions of one evaluation of a UNet look at beside the latents.
struct AttentionContext {
  /// `[B, S, context]`.
  let text: Tensor
  /// Reference pictures, seen beside the text.
  var reference: ReferenceContext?
}
