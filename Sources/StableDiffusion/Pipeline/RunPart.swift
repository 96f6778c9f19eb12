/// A part of a run: from `start` up to `end`, as shares of its steps, 0 to 1.
/// Source: diffusers `guiders/classifier_free_guidance.py`, `_is_cfg_enabled`.
struct RunPart: Equatable {
  let start: Double, end: Double

  /// Whether step `step` (from 0) of `steps` is in it.
  func covers(step: Int, of steps: Int) -> Bool {
    step >= Int(start * Double(steps)) && step < Int(end * Double(steps))
  }
}

extension SamplingPlan {
  /// Whether any step that is made is in the part of the run from `start` up to `end`, as shares of its steps, 0 to 1:
  /// where none is, guidance or references that have that part have none in the picture.
  public func hasStep(from start: Double, upTo end: Double) -> Bool {
    let part = RunPart(start: start, end: end)
    return (0..<stepsMade).contains { part.covers(step: $0, of: stepsMade) }
  }
}
