import Torch

/// What ControlNets add to a UNet: to every result of its way down, and to its middle.
struct ControlResiduals {
  /// In the order of the way down.
  let skips: [Tensor]
  let middle: Tensor

  /// Results of a UNet with these added.
  func added(to skips: [Tensor], _ middle: Tensor) throws(TorchError) -> (skips: [Tensor], middle: Tensor) {
    var sums: [Tensor] = []
    for (skip, residual) in zip(skips, self.skips) { sums.append(try skip + residual) }
    return (sums, try middle + self.middle)
  }

  /// Every one of them changed in the same way.
  func mapped(_ change: (Tensor) throws(TorchError) -> Tensor) throws(TorchError) -> ControlResiduals {
    var changed: [Tensor] = []
    for skip in skips { changed.append(try change(skip)) }
    return ControlResiduals(skips: changed, middle: try change(middle))
  }

  static func + (a: ControlResiduals, b: ControlResiduals) throws(TorchError) -> ControlResiduals {
    let (skips, middle) = try b.added(to: a.skips, a.middle)
    return ControlResiduals(skips: skips, middle: middle)
  }
}
