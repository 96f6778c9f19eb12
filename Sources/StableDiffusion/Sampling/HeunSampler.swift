import Torch

/// Heun's method: a trial step along the slope at its start, then the step along the mean of both ends' slopes.
/// Source: Karras et al. 2022, algorithm 1 without churn; diffusers `HeunDiscreteScheduler`.
struct HeunSampler: Sampler {
  var x: Tensor
  private let ladder: SigmaLadder
  private(set) var stepsDone = 0
  /// Where the step under way began, while `x` is where the trial led.
  private var trial: (start: Tensor, slope: Tensor)?

  /// - Parameter noise: standard normal, `[B, 4, H, W]`.
  init(_ ladder: SigmaLadder, noise: Tensor) throws(TorchError) {
    self.ladder = ladder
    x = try noise * ladder.noiseScale
  }

  var point: SamplingPoint? { ladder.point(trial == nil ? stepsDone : stepsDone + 1, x) }

  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError) {
    let (sigma, next) = ladder.step(stepsDone)
    if let (start, first) = trial {
      let second = try (x - denoised) * (1 / next)
      x = try start + (first + second) * ((next - sigma) / 2)
      trial = nil
    } else {
      let slope = try (x - denoised) * (1 / sigma)
      // There is no slope at level 0: the last step is Euler's.
      if next > 0 { trial = (x, slope) }
      x = try x + slope * (next - sigma)
    }
    if trial == nil { stepsDone += 1 }
  }
}
