/// Guidance away from what the network draws while the self-attentions of its middle are switched off.
/// Source: Ahn et al. 2024, "Self-Rectifying Diffusion Sampling with Perturbed-Attention Guidance"; diffusers
/// `pipelines/pag`, PAGMixin.
public struct PerturbedAttentionGuidance: Sendable, Equatable {
  private let scale: Double
  private let adaptiveScale: Double

  /// - Parameters: scale above 0; adaptiveScale how much the scale falls with each of the 1000 timesteps, 0 to 1.
  public init(scale: Double, adaptiveScale: Double = 0) {
    (self.scale, self.adaptiveScale) = (scale, adaptiveScale)
  }

  /// The scale at a timestep, 0 to 999: never below 0.
  /// Source: diffusers `pipelines/pag/pag_utils.py`, `_get_pag_scale`.
  func scale(at timestep: Double) -> Double {
    max(0, scale - adaptiveScale * (Double(NoiseSchedule.trainTimesteps) - timestep))
  }
}
