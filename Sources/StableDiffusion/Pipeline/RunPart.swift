/// A part of a run: from `start` up to `end`, as shares of its steps, 0 to 1.
/// Source: diffusers `guiders/classifier_free_guidance.py`, `_is_cfg_enabled`.
struct RunPart: Equatable {
  let start: Double, end: Double

  /// Whether step `step` (from 0) of `steps` is in it.
  func covers(step: Int, of steps: Int) -> Bool {
    step >= Int(start * Double(steps)) && step < Int(end * Double(steps))
  }
}
