import Glibc
import Torch

/// DPM-Solver++ (2M): exact in the linear part, second order in the picture by means of the step before; as an
/// ordinary or as a stochastic differential equation.
/// Source: Lu et al. 2022, "DPM-Solver++", algorithm 2; diffusers `DPMSolverMultistepScheduler`, midpoint form.
struct DPMSolverSampler: Sampler {
  enum Equation { case ode, sde }

  var x: Tensor
  private let equation: Equation
  private let ladder: SigmaLadder
  private(set) var stepsDone = 0
  /// The picture seen a step before.
  private var previous: Tensor?

  /// - Parameter noise: standard normal, `[B, 4, H, W]`.
  init(_ equation: Equation, _ ladder: SigmaLadder, noise: Tensor) {
    (self.equation, self.ladder, x) = (equation, ladder, noise)
  }

  var point: SamplingPoint? { ladder.unitVariancePoint(stepsDone, x) }

  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError) {
    let step = ladder.step(stepsDone)
    let (from, to) = (UnitVarianceLevel(step.from), UnitVarianceLevel(step.to))
    let h = to.lambda - from.lambda
    // Drawn at every step, the last included, where its weight is 0: the order of draws is the reference's.
    let fresh = equation == .sde ? try noise.draw() : nil
    let picture = try extrapolated(denoised, h)
    let decay = exp(-h)
    switch (equation, fresh) {
    case (.sde, let fresh?):
      let squared = exp(-2 * h)
      x = try x * Double(to.sigma / from.sigma * decay) + picture * Double(to.alpha * (1 - squared))
      if to.sigma > 0 { x = try x + fresh * Double(to.sigma * (1 - squared).squareRoot()) }
    default:
      x = try x * Double(to.sigma / from.sigma) + picture * Double(to.alpha * (1 - decay))
    }
    previous = denoised
    stepsDone += 1
  }

  /// The picture in the middle of the step. The last step leads to level 0 and is of first order.
  private func extrapolated(_ denoised: Tensor, _ h: Float) throws(TorchError) -> Tensor {
    guard let previous, h.isFinite else { return denoised }
    let before = UnitVarianceLevel(ladder.sigmas[stepsDone - 1])
    let h0 = UnitVarianceLevel(ladder.sigmas[stepsDone]).lambda - before.lambda
    return try denoised + (denoised - previous) * Double(0.5 * (h / h0))
  }
}
