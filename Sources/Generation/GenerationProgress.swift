public import Images

/// How far a generation is.
public enum GenerationProgress: Sendable, Equatable {
  /// A checkpoint is being read, or a file that goes with it: an adapter, a decoder, an image encoder. `model` is the
  /// model's id or the other file's name, without its ending.
  case loading(model: String, bytes: Int, total: Int)
  /// `step` of `steps` is done; the first report is step 1.
  case step(Int, of: Int)
  /// What the picture looks like after the step reported last, at an eighth of its size.
  case preview(RGBImage)
}
