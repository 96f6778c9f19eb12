public import Safetensors

/// What says how a checkpoint was trained: tensors whose mere presence counts, and a note of its metadata.
public enum TrainingMarks {
  private static let vPrediction = "v_pred"
  private static let terminal = "ztsnr"
  /// Source: Stability AI's ModelSpec 1.0.0, whose values are `epsilon` and `v`.
  private static let note = "modelspec.prediction_type"

  /// Tensors that are marks and no weights.
  public static let tensors: Set<String> = [vPrediction, terminal]

  /// What says that the network answers the velocity: `v_pred key` or `modelspec.prediction_type`.
  ///
  /// The tensor counts before the note: tools copy notes from one model to the next. That note's `epsilon` says
  /// no more than no note does.
  public static func vPredictionSource(_ header: SafetensorsHeader) -> String? {
    if header.tensors[vPrediction] != nil { return "v_pred key" }
    let noted = header.metadata[note].map { ["v", "v_prediction"].contains($0) } ?? false
    return noted ? note : nil
  }

  /// What says that the last timestep carries no signal: `ztsnr key`.
  public static func zeroTerminalSNRSource(_ header: SafetensorsHeader) -> String? {
    header.tensors[terminal] == nil ? nil : "ztsnr key"
  }
}
