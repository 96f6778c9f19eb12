import Torch

/// Everything between a sampler and the UNet: input scaling, guidance, and what the answer means.
struct Denoiser {
  let unet: UNet2DConditionModel
  let prediction: PredictionType
  let conditioning: Conditioning

  /// The picture the network sees in the latent at `point`: float32, the latent's shape.
  func callAsFunction(_ point: SamplingPoint) throws(TorchError) -> Tensor {
    try Self.picture(at: point, prediction) { input throws(TorchError) in
      try guided(input, timestep: point.timestep)
    }
  }

  /// The picture that `network` sees in the latent at `point`, from what it answers to its input.
  static func picture(
    at point: SamplingPoint, _ prediction: PredictionType, network: (Tensor) throws(TorchError) -> Tensor
  ) throws(TorchError) -> Tensor {
    // At unit variance, the network's picture and noise weights are a cosine and a sine.
    let norm = (point.alpha * point.alpha + point.sigma * point.sigma).squareRoot()
    let input = try point.x * (1 / norm)
    let answer = try network(input)
    switch prediction {
    case .epsilon: return try (point.x - answer * point.sigma) * (1 / point.alpha)
    case .vPrediction: return try input * (point.alpha / norm) - answer * (point.sigma / norm)
    }
  }

  /// The network's answer, led away from the negative prompt: `u + s (c − u)`.
  private func guided(_ input: Tensor, timestep: Double) throws(TorchError) -> Tensor {
    func evaluate(_ x: Tensor) throws(TorchError) -> Tensor {
      try unet(x, timestep: timestep, context: conditioning.context, added: conditioning.added)
    }
    guard let scale = conditioning.guidance else { return try evaluate(input) }
    let batch = input.size(0)
    let both = try evaluate(cat([input, input], dim: 0))  // [2B, 4, H, W]: negative side first
    let negative = try both.narrow(0, from: 0, length: batch)
    let positive = try both.narrow(0, from: batch, length: batch)
    return try negative + (positive - negative) * scale
  }
}

/// The texts and sizes of one picture as the UNet takes them.
struct Conditioning {
  /// `[1, 77, context]`, or `[2, 77, context]` with the negative side first.
  let context: Tensor
  /// Pooled text and sizes, embedded: as many rows.
  let added: Tensor
  /// The guidance scale, above 1; `nil` when there is no guidance pass.
  let guidance: Double?
}
