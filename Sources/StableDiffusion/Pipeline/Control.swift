public import Images
import Torch

/// A ControlNet at work in one picture.
///
/// Not Sendable: it holds tensors, on the thread that owns them.
public struct Control {
  let network: ControlNetModel
  /// The picture as the network takes it: `[1, C0, H, W]`.
  let hint: Tensor
  private let part: Part

  /// How much a ControlNet counts, and when.
  public struct Part: Sendable, Equatable {
    /// 0 to 2.
    public var scale = 1.0
    /// Shares of the run, 0 to 1.
    public var start = 0.0
    public var end = 1.0

    public init(scale: Double = 1, start: Double = 0, end: Double = 1) {
      (self.scale, self.start, self.end) = (scale, start, end)
    }

    /// Whether any evaluation of a run is in it.
    public func hasEvaluation(of plan: SamplingPlan) -> Bool {
      let count = plan.method.evaluations(of: plan.stepsMade)
      return (0..<count).contains { holds(evaluation: $0, of: count) }
    }

    /// Source: diffusers `pipelines/controlnet/pipeline_controlnet_sd_xl.py`, `controlnet_keep`.
    fileprivate func holds(evaluation index: Int, of count: Int) -> Bool {
      Double(index) / Double(count) >= start && Double(index + 1) / Double(count) <= end
    }
  }

  /// - Parameter picture: as large as the result, ready for the network: edges, a depth map, …
  /// - Throws: `TorchError`.
  public init(_ controlNet: ControlNet, _ picture: RGBImage, _ part: Part = Part()) throws {
    network = controlNet.model
    hint = try controlNet.model.controlnetCondEmbedding(controlNet.levels(of: picture))
    self.part = part
  }

  /// Whether it counts in evaluation `index` (from 0) of `count`.
  func covers(evaluation index: Int, of count: Int) -> Bool {
    part.scale != 0 && part.holds(evaluation: index, of: count)
  }

  /// What it adds to the UNet.
  /// - Parameters: sample what the UNet is given, `[B, C, H, W]`; side of as many rows.
  func residuals(
    _ sample: Tensor, timestep: Double, _ side: Conditioning.Side
  ) throws(TorchError) -> ControlResiduals {
    let residuals = try network(sample, timestep: timestep, side, hint: hint)
    guard part.scale != 1 else { return residuals }
    return try residuals.mapped { residual throws(TorchError) in try residual * part.scale }
  }
}

extension [Control] {
  /// What all of them add together; `nil` when there is none.
  /// Source: diffusers `models/controlnets/multicontrolnet.py`, MultiControlNetModel.
  func residuals(
    _ sample: Tensor, timestep: Double, _ side: Conditioning.Side
  ) throws(TorchError) -> ControlResiduals? {
    var sum: ControlResiduals?
    for control in self {
      let residuals = try control.residuals(sample, timestep: timestep, side)
      sum = try sum.map { (sum) throws(TorchError) in try sum + residuals } ?? residuals
    }
    return sum
  }
}
