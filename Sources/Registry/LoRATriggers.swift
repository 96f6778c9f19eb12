import FoundationEssentials

/// The words that bring a LoRA out, from its trainer's notes.
///
/// Source: `modelspec.trigger_phrase` of the Stability AI model metadata standard; `ss_tag_frequency` of
/// kohya-ss/sd-scripts `train_network.py`, a JSON text `{dataset: {tag: images}}`.
enum LoRATriggers {
  /// More tags than that describe the training pictures, not the LoRA.
  static let most = 10
  /// A longer JSON text is not worth reading for ten words.
  static let longestFrequencies = 1 << 20

  static func words(in notes: [String: String]) -> [String] {
    let phrases = list(notes["modelspec.trigger_phrase"] ?? "")
    return phrases.isEmpty ? mostFrequentTags(notes["ss_tag_frequency"] ?? "") : Array(phrases.prefix(most))
  }

  private static func list(_ text: String) -> [String] {
    text.split(separator: ",").map { trimmed($0) }.filter { !$0.isEmpty }
  }

  private static func trimmed(_ text: Substring) -> String {
    let start = text.drop { $0 == " " }
    return String(start.prefix(start.count - start.reversed().prefix { $0 == " " }.count))
  }

  /// No tags when the text is not of that form: the format does not oblige it to be.
  private static func mostFrequentTags(_ text: String) -> [String] {
    guard !text.isEmpty, text.utf8.count <= longestFrequencies,
      let datasets = try? JSONDecoder().decode([String: [String: Double]].self, from: Data(text.utf8))
    else { return [] }
    var counts: [String: Double] = [:]
    for (tag, count) in datasets.values.joined() { counts[trimmed(tag[...]), default: 0] += count }
    counts[""] = nil
    let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return ranked.prefix(most).map(\.key)
  }
}
