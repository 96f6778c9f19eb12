/// Guidance away from what the network draws when some of its self-attention is switched off.
/// Source: Ahn et al. 2024, "Self-Rectifying Diffusion Sampling with Perturbed-Attention Guidance"; diffusers
/// `pipelines/pag`.
public struct PerturbedAttentionGuidance: Codable, Sendable, Hashable {
  /// Above 0, up to 30.
  public var scale: Double
  /// How fast the scale falls during the run, 0 to 1; 0 is not at all (`pag_adaptive_scale`).
  public var adaptiveScale = 0.0

  public init(scale: Double) { self.scale = scale }
}

/// Weights of what comes from below and of what is handed across, on the way up.
/// Source: Si et al. 2023, "FreeU: Free Lunch in Diffusion U-Net"; diffusers `enable_freeu`.
public struct FreeU: Codable, Sendable, Hashable {
  /// Of the low frequencies of the skips, 0 to 4: the first and the second level of the way up.
  public var s1: Double, s2: Double
  /// Of half of the channels that come from below, 0 to 4.
  public var b1: Double, b2: Double

  public init(s1: Double, s2: Double, b1: Double, b2: Double) {
    (self.s1, self.s2, self.b1, self.b2) = (s1, s2, b1, b2)
  }
}
