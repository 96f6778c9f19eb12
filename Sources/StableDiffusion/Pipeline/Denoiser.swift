import Torch

/// Everything between a sampler and the UNet: input scaling, guidance, and what the answer means.
struct Denoiser {
  let unet: UNet2DConditionModel
  let prediction: PredictionType
  let conditioning: Conditioning
  /// What an inpainting checkpoint sees beside the latents, `[1, 5, H, W]`.
  var inpainting: Tensor?

  /// The picture the network sees in the latent at `point`: float32, the latent's shape.
  /// - Parameters: step the one being made, from 0; steps of the whole run.
  func callAsFunction(_ point: SamplingPoint, step: Int, of steps: Int) throws(TorchError) -> Tensor {
    let conditioning = conditioning.at(step: step, of: steps)
    let contrast = conditioning.contrast.flatMap { $0.covers(step: step, of: steps) ? $0 : nil }
    return try Self.picture(at: point, prediction) { input throws(TorchError) in
      let input =
        try inpainting.map { beside throws(TorchError) in try cat([input, beside], dim: 1) } ?? input
      guard let contrast else { return try answer(input, point.timestep, conditioning.positive) }
      return try guided(input, point.timestep, conditioning.positive, contrast)
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

  private func answer(
    _ input: Tensor, _ timestep: Double, _ side: Conditioning.Side
  ) throws(TorchError) -> Tensor {
    try unet(input, timestep: timestep, context: side.context, added: side.added)
  }

  /// The network's answer, led away from the negative prompt: `u + s (c − u)`.
  private func guided(
    _ input: Tensor, _ timestep: Double, _ side: Conditioning.Side, _ contrast: Conditioning.Contrast
  ) throws(TorchError) -> Tensor {
    let negative: Tensor, positive: Tensor
    switch contrast.sides {
    case .together(let both):
      let batch = input.size(0)
      let answers = try answer(cat([input, input], dim: 0), timestep, both)  // [2B, 4, H, W]
      negative = try answers.narrow(0, from: 0, length: batch)
      positive = try answers.narrow(0, from: batch, length: batch)
    case .apart(let other):
      negative = try answer(input, timestep, other)
      positive = try answer(input, timestep, side)
    }
    let led = try negative + (positive - negative) * contrast.scale
    return contrast.rescale == 0 ? led : try Self.rescaled(led, positive, by: contrast.rescale)
  }

  /// A share of the way from `led` to the same with the spread of `positive`.
  /// Source: diffusers `rescale_noise_cfg`; Lin et al. 2023, section 3.4.
  static func rescaled(
    _ led: Tensor, _ positive: Tensor, by share: Double
  ) throws(TorchError) -> Tensor {
    // Of the standard deviations: what they divide by cancels.
    let ratio = try sqrt(squares(positive) / squares(led))
    return try led * (ratio * share + (1 - share))
  }

  /// The squared distances of each sample's values from their mean, summed: `[B, C, H, W]` gives `[B, 1, 1, 1]`.
  private static func squares(_ x: Tensor) throws(TorchError) -> Tensor {
    let rows = try x.reshape(x.size(0), 1, -1)
    let ones = try Tensor.full(1, [rows.size(2), 1], .float32, on: x.device)
    let centred = try rows - matmul(rows, ones) * (1 / Double(rows.size(2)))
    return try matmul(centred, centred.transpose(1, 2)).reshape(-1, 1, 1, 1)
  }
}
