import Foundation
import Registry

/// What is known of a model's file without loading it, in the words of the replies.
struct ModelAccount: CustomStringConvertible {
  let entry: ModelEntry
  let contents: ModelContents
  /// SHA-256, which the registered one, where there is one, is equal to.
  let digest: String

  var description: String {
    let lines = rows.map { "  \($0.padding(toLength: 14, withPad: " ", startingAt: 0))\($1)" }
    return ([entry.id + ":"] + lines).joined(separator: "\n")
  }

  private var rows: [(String, String)] {
    let formats = contents.formats.map { "\($0.tensors) \($0.name)" }.joined(separator: ", ")
    return [
      ("file", "\(entry.file), \(contents.bytes) bytes"),
      ("sha256", digest + (entry.sha256 == nil ? " (none registered to compare with)" : " as registered")),
      ("architecture", entry.architecture),
      ("prediction", "\(prediction.value) (\(prediction.source))"),
      ("zero-SNR", "\(zeroTerminalSNR.value ? "yes" : "no") (\(zeroTerminalSNR.source))"),
      ("tensors", "\(contents.tensors): \(formats)"),
      ("vae", entry.vae.map { "\($0), in place of the file's own" } ?? "the file's own"),
    ]
  }

  /// What the registry says goes before the file's keys, as when the engine loads it.
  private var prediction: (value: String, source: String) {
    if let registered = entry.prediction { return (registered, "registry") }
    return contents.vPredictionSource.map { ("v_prediction", $0) } ?? ("epsilon", "default")
  }

  private var zeroTerminalSNR: (value: Bool, source: String) {
    if let registered = entry.zeroTerminalSNR { return (registered, "registry") }
    return contents.zeroTerminalSNRSource.map { (true, $0) } ?? (false, "default")
  }
}
