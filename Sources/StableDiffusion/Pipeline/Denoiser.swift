import Torch

/// Everything between a sampler and the UNet: input scaling, guidance, and what the answer means.
struct Denoiser {
  let unet: UNet2DConditionModel
  let prediction: PredictionType
  let conditioning: Conditioning
  /// What an inpainting checkpoint sees beside the latents, `[1, 5, H, W]`.
  var inpainting: Tensor?
  var perturbedAttention: PerturbedAttentionGuidance?
  var freeU: FreeU?

  /// The picture the network sees in the latent at `point`: float32, the latent's shape.
  /// - Parameters: step the one being made, from 0; steps of the whole run; controls what counts at this point.
  func callAsFunction(
    _ point: SamplingPoint, step: Int, of steps: Int, controls: [Control] = []
  ) throws(TorchError) -> Tensor {
    let conditioning = conditioning.at(step: step, of: steps)
    let contrast = conditioning.contrast.flatMap { $0.covers(step: step, of: steps) ? $0 : nil }
    return try Self.picture(at: point, prediction) { input throws(TorchError) in
      let evaluation = Evaluation(
        input: input, timestep: point.timestep, positive: conditioning.positive, controls: controls)
      guard let contrast else {
        let (positive, residuals) = try answer(evaluation, evaluation.positive)
        guard let away = try perturbedDifference(evaluation, positive, residuals) else { return positive }
        return try positive + away
      }
      return try guided(evaluation, contrast)
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

  /// What the network is asked at one point.
  private struct Evaluation {
    let input: Tensor
    let timestep: Double
    /// What the picture is to show.
    let positive: Conditioning.Side
    let controls: [Control]
  }

  /// The network's answer to a side, with one row or two, and what ControlNets added on the way.
  private func answer(
    _ evaluation: Evaluation, _ side: Conditioning.Side
  ) throws(TorchError) -> (answer: Tensor, residuals: ControlResiduals?) {
    var sample = evaluation.input
    if side.added.size(0) > sample.size(0) { sample = try cat([sample, sample], dim: 0) }
    let residuals = try evaluation.controls.residuals(sample, timestep: evaluation.timestep, side)
    let answer = try unet(
      beside(sample), timestep: evaluation.timestep, context: side.context, added: side.added,
      FeatureChanges(residuals: residuals, freeU: freeU))
    return (answer, residuals)
  }

  /// The UNet's input, with what an inpainting checkpoint sees in each row. ControlNets do not see it.
  private func beside(_ sample: Tensor) throws(TorchError) -> Tensor {
    guard let inpainting else { return sample }
    let rows = Array(repeating: inpainting, count: sample.size(0))
    return try cat([sample, cat(rows, dim: 0)], dim: 1)
  }

  /// The network's answer, led away from the negative prompt: `u + s (c − u)`.
  private func guided(
    _ evaluation: Evaluation, _ contrast: Conditioning.Contrast
  ) throws(TorchError) -> Tensor {
    let negative: Tensor, positive: Tensor
    var residuals: ControlResiduals?
    switch contrast.sides {
    case .together(let both):
      let batch = evaluation.input.size(0)
      let (answers, all) = try answer(evaluation, both)  // [2B, 4, H, W]
      negative = try answers.narrow(0, from: 0, length: batch)
      positive = try answers.narrow(0, from: batch, length: batch)
      if perturbedAttention != nil {
        residuals = try all?.mapped { rows throws(TorchError) in
          try rows.narrow(0, from: batch, length: batch)
        }
      }
    case .apart(let other):
      negative = try answer(evaluation, other).answer
      (positive, residuals) = try answer(evaluation, evaluation.positive)
    }
    var led = try negative + (positive - negative) * contrast.scale
    if let away = try perturbedDifference(evaluation, positive, residuals) { led = try led + away }
    return contrast.rescale == 0 ? led : try Self.rescaled(led, positive, by: contrast.rescale)
  }

  /// What perturbed-attention guidance adds: `s (c − p)`; `nil` where that is nothing.
  /// - Parameters: positive the answer to what is to be shown, and residuals what ControlNets added to it: the
  ///   perturbed network has them too.
  private func perturbedDifference(
    _ evaluation: Evaluation, _ positive: Tensor, _ residuals: ControlResiduals?
  ) throws(TorchError) -> Tensor? {
    guard let scale = perturbedAttention?.scale(at: evaluation.timestep), scale > 0 else { return nil }
    var context = evaluation.positive.context
    context.perturbed = true
    let perturbed = try unet(
      beside(evaluation.input), timestep: evaluation.timestep, context: context,
      added: evaluation.positive.added,
      FeatureChanges(residuals: residuals, freeU: freeU))
    return try (positive - perturbed) * scale
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
