import Generation
import JSON
import Registry

/// Finds the names of textual inversions that stand in prompts as words of their own, whatever their capitals.
///
/// The engine reads them more closely, so what is found here may be more than what is used, but is never less.
struct EmbeddingNames {
  /// What a name may be written like, the longest first.
  private let spellings: [(name: String, scalars: [Unicode.Scalar])]

  /// What ComfyUI's users write before a name.
  private static let prefix = "embedding:"

  init(_ names: [String], style: PromptStyle) {
    let prefixes = style == .comfy ? ["", Self.prefix] : [""]
    spellings = names.filter { !$0.isEmpty }
      .flatMap { name in prefixes.map { (name, Array(($0 + name).lowercased().unicodeScalars)) } }
      .sorted { $0.1.count > $1.1.count }
  }

  /// - Returns: the names that stand in the text, and the text without them, in lower case.
  func found(in text: String) -> (names: Set<String>, rest: String) {
    // A backslash only says how the sign behind it is to be read.
    let scalars = text.lowercased().unicodeScalars.filter { $0 != "\\" }.map(\.self)
    var (names, rest): (Set<String>, String.UnicodeScalarView) = ([], .init())
    var index = 0
    while index < scalars.count {
      if let spelling = spellings.first(where: { Self.stands($0.scalars, in: scalars, at: index) }) {
        names.insert(spelling.name)
        index += spelling.scalars.count
      } else {
        rest.append(scalars[index])
        index += 1
      }
    }
    return (names, String(rest))
  }

  private static func stands(
    _ name: [Unicode.Scalar], in text: [Unicode.Scalar], at start: Int
  ) -> Bool {
    guard text[start] == name[0], text[start...].starts(with: name) else { return false }
    let end = start + name.count
    let joinsBefore = start > 0 && name[0].isWord && text[start - 1].isWord
    let joinsBehind = end < text.count && name[name.count - 1].isWord && text[end].isWord
    return !joinsBefore && !joinsBehind
  }
}

extension EmbeddingNames {
  /// The files of those that stand in a request's prompts; waits for the disk.
  /// - Throws: 404 for an `embedding:…` that names none; 422 for a file that is damaged or holds something else; 503
  ///   where the model's own negative prompt is at fault.
  static func files(
    of request: GenerationRequest, in folder: AdapterFolder, _ entry: ModelEntry, _ body: JSONObject
  ) throws(APIError) -> [AdapterFile] {
    let available = folder.names
    let names = EmbeddingNames(available, style: request.promptStyle)
    let choice = AdapterChoice(folder: folder, body: body)
    func files(in text: String, _ field: String) throws(APIError) -> [AdapterFile] {
      let (found, rest) = names.found(in: text)
      if request.promptStyle == .comfy, let unknown = PromptSyntax.embeddingNamed(in: rest) {
        throw choice.unknown(unknown)
      }
      var files: [AdapterFile] = []
      for name in available where found.contains(name) {
        files.append(try choice.find(name, at: FieldPath(field)))
      }
      return files
    }
    let first = try files(in: request.prompt, "prompt")
    guard case .text(let text) = request.negativePrompt else { return first }
    let field = "negative_prompt"
    do throws(APIError) {
      return first + (try files(in: text, field)).filter { !first.contains($0) }
    } catch {
      // The model's own is none of the client's mistakes.
      guard body.value(at: FieldPath(field)) == .null else { throw error }
      throw GenerationPlan.unusableDefault(field, entry, error.detail.plainText)
    }
  }
}
