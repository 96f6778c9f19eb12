import CheckpointKinds

/// Tensors that checkpoints carry beside the weights and no picture needs. Any other stranger is refused.
enum PassedOver {
  /// A name, or what stands around one `*`, and why it is not read.
  private struct Pattern {
    let text: String, reason: String
    private let head: String, tail: String?

    init(_ text: String, _ reason: String) {
      (self.text, self.reason) = (text, reason)
      let parts = text.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      (head, tail) = (parts[0], parts.count == 2 ? parts[1] : nil)
    }

    func matches(_ key: String) -> Bool {
      guard let tail else { return key == text }
      return key.hasPrefix(head) && key.dropFirst(head.count).hasSuffix(tail)
    }
  }

  private static let text = SDXLComponent.textEncoder.prefix
  private static let text2 = SDXLComponent.textEncoder2.prefix
  private static let vae = SDXLComponent.vae.prefix

  /// Source of the noise tables' names: CompVis/latent-diffusion `models/diffusion/ddpm.py`, register_schedule.
  private static let table =
    [
      Pattern("model_ema.*", "weights averaged while training, of which the others are the last"),
      Pattern(vae + "model_ema.*", "weights averaged while training, of which the others are the last"),
      Pattern(vae + "loss.*", "what the VAE was trained against"),
      Pattern("optimizer*", "the training's state"),
      Pattern("embedding_manager.*", "the training's state"),
      Pattern("global_step", "the training's state"),
      Pattern("denoiser.*", "noise levels, computed anew"),
      Pattern("scale_factor", "the factor of latents, 0.13025 for all of SDXL"),
      Pattern("logvar", "weights of the training's loss"),
      Pattern("lvlb_weights", "weights of the training's loss"),
      Pattern(text + "text_model.embeddings.position_ids", "the numbers from 0 to 76"),
      Pattern(text2 + "transformer.text_model.embeddings.position_ids", "the numbers from 0 to 76"),
      Pattern(text2 + "attn_mask", "the causal mask, computed anew"),
      Pattern(text + "text_projection.weight", "SDXL pools the second text encoder alone"),
      Pattern("conditioner.embedders.0.text_projection", "SDXL pools the second text encoder alone"),
      Pattern("conditioner.embedders.*logit_scale", "CLIP's scale between texts and pictures"),
    ]
    + [
      "betas", "sigmas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod",
      "sqrt_one_minus_alphas_cumprod", "log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod",
      "sqrt_recipm1_alphas_cumprod", "posterior_variance", "posterior_log_variance_clipped",
      "posterior_mean_coef1", "posterior_mean_coef2",
    ].map { Pattern($0, "noise levels, computed anew") }

  static func has(_ key: String) -> Bool { table.contains { $0.matches(key) } }

  /// What of `keys` is passed over: pattern, number and reason, in the table's order.
  static func summary(of keys: some Sequence<String>) -> [String] {
    var counts = [Int](repeating: 0, count: table.count)
    for key in keys {
      if let place = table.firstIndex(where: { $0.matches(key) }) { counts[place] += 1 }
    }
    return zip(table, counts).filter { $0.1 > 0 }.map { "\($0.text) (\($1): \($0.reason))" }
  }
}
