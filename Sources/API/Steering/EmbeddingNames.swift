import Generation
import JSON
import Registry

/// Finds the names of textual inversions that stand in prompts.
enum EmbeddingNames {
  /// Those of `names` that stand in the texts as words of their own, in the order of `names`. Where one name is a part
  /// of another, the longer one counts.
  static func standing(in texts: [String], among names: [String]) -> [String] {
    let longestFirst = names.map { ($0, Array($0.unicodeScalars)) }.filter { !$0.1.isEmpty }
      .sorted { $0.1.count > $1.1.count }
    var found: Set<String> = []
    for text in texts {
      let scalars = Array(text.unicodeScalars)
      var index = 0
      while index < scalars.count {
        let name = longestFirst.first { isWord($0.1, in: scalars, at: index) }
        if let name { found.insert(name.0) }
        index += name?.1.count ?? 1
      }
    }
    return names.filter(found.contains)
  }

  private static func isWord(
    _ name: [Unicode.Scalar], in text: [Unicode.Scalar], at start: Int
  ) -> Bool {
    let end = start + name.count
    return text[start] == name[0] && text[start...].starts(with: name)
      && (start == 0 || !text[start - 1].isWord) && (end == text.count || !text[end].isWord)
  }

  /// The files of those that stand in a request's prompts; waits for the disk.
  /// - Throws: 422 for a file that is damaged or holds something else.
  static func files(
    of request: GenerationRequest, in folder: AdapterFolder, _ body: JSONObject
  ) throws(APIError) -> [AdapterFile] {
    let names = folder.names
    guard !names.isEmpty else { return [] }
    var texts = [request.prompt]
    if case .text(let text) = request.negativePrompt { texts.append(text) }
    let choice = AdapterChoice(folder: folder, body: body)
    var files: [AdapterFile] = []
    for name in standing(in: texts, among: names) {
      let isPrompts = !standing(in: [request.prompt], among: [name]).isEmpty
      files.append(try choice.find(name, at: FieldPath(isPrompts ? "prompt" : "negative_prompt")))
    }
    return files
  }
}
