import Glibc
import Torch

/// UniPC of order 2: each step is predicted from what is known, and corrected once the picture at its end is.
/// Source: Zhao et al. 2023, "UniPC", algorithms 5 and 6 with B₂(h); diffusers `UniPCMultistepScheduler`, `bh2`.
struct UniPCSampler: Sampler {
  private static let order = 2

  var x: Tensor
  private let ladder: SigmaLadder
  private(set) var stepsDone = 0
  /// The pictures seen at the last steps, the newest first.
  private var pictures: [Tensor] = []
  /// Where the last step began, corrected, and the order it was predicted with.
  private var last: (start: Tensor, order: Int)?

  /// - Parameter noise: standard normal, `[B, 4, H, W]`.
  init(_ ladder: SigmaLadder, noise: Tensor) { (self.ladder, x) = (ladder, noise) }

  var point: SamplingPoint? { ladder.unitVariancePoint(stepsDone, x) }

  mutating func resume(denoised: Tensor, noise: NoiseSource) throws(TorchError) {
    if let last {
      let step = UniPCStep(ladder, stepsDone - 1, order: last.order)
      x = try step.corrected(last.start, pictures, denoised)
    }
    pictures = [denoised] + pictures.prefix(Self.order - 1)
    let left = ladder.timesteps.count - stepsDone
    let order = min(left, pictures.count)
    last = (x, order)
    x = try UniPCStep(ladder, stepsDone, order: order).predicted(x, pictures)
    stepsDone += 1
  }
}

/// The weights of one step, in float32 and in the order of operations of diffusers.
private struct UniPCStep {
  private let from: UnitVarianceLevel, to: UnitVarianceLevel
  /// The step before, in units of this one: negative. `nil` in first order.
  private let ratio: Float?
  /// `−h`.
  private let hh: Float

  init(_ ladder: SigmaLadder, _ index: Int, order: Int) {
    from = UnitVarianceLevel(ladder.sigmas[index])
    to = UnitVarianceLevel(ladder.sigmas[index + 1])
    let h = to.lambda - from.lambda
    hh = -h
    ratio = order == 1 ? nil : (UnitVarianceLevel(ladder.sigmas[index - 1]).lambda - from.lambda) / h
  }

  /// - Parameter pictures: seen at the step's start, and at the one before.
  func predicted(_ x: Tensor, _ pictures: [Tensor]) throws(TorchError) -> Tensor {
    let base = try linear(x, pictures[0])
    guard let ratio else { return base }
    return try base + (pictures[1] - pictures[0]) * Double(-to.alpha * expm1(hh) * 0.5 / ratio)
  }

  /// - Parameters: pictures as for the prediction; end the picture seen at the step's end.
  func corrected(_ x: Tensor, _ pictures: [Tensor], _ end: Tensor) throws(TorchError) -> Tensor {
    let scale = -to.alpha * expm1(hh)
    let base = try linear(x, pictures[0])
    let change = try end - pictures[0]
    guard let ratio else { return try base + change * Double(scale * 0.5) }
    // φ₂ and φ₃ over B₂, and the weights of both differences: a system of two equations.
    let phi2 = expm1(hh) / hh - 1
    let phi3 = phi2 / hh - 0.5
    let (b1, b2) = (phi2 / expm1(hh), phi3 * 2 / expm1(hh))
    let before = (b2 - b1) / (ratio - 1)
    let bent = try (pictures[1] - pictures[0]) * Double(scale * before / ratio)
    return try base + bent + change * Double(scale * (b1 - before))
  }

  /// What the step would be if the picture stayed the same.
  private func linear(_ x: Tensor, _ picture: Tensor) throws(TorchError) -> Tensor {
    try x * Double(to.sigma / from.sigma) - picture * Double(to.alpha * expm1(hh))
  }
}
