import Torch

/// What the attentions of one evaluation of a UNet look at beside the latents.
struct AttentionContext {
  /// `[B, S, context]`.
  let text: Tensor
  /// Reference pictures, seen beside the text.
  var reference: ReferenceContext?
  /// Whether the self-attentions of the middle are switched off: every place sees itself alone.
  var perturbed = false
}
