/// One TOML file of the models folder, read: an entry or the problems that keep it from being one.
struct ModelFile {
  let name: String
  let entry: ModelEntry?
  let problems: [RegistryProblem]
  private let lines: TOMLKeyLines

  /// What a file is read against.
  struct Context {
    /// The models folder, absolute, without a slash at its end.
    let folder: String
    /// Why a `defaults.scheduler` cannot be used; `nil` for one that can.
    let schedulerProblem: @Sendable (String) -> String?
  }

  /// A file longer than this is no description of a model.
  static let largestFile = 1 << 20

  static func read(_ name: String, _ context: Context) -> ModelFile {
    do {
      let bytes = try SmallFile.read(context.folder + "/" + name, limit: largestFile)
      return ModelFile(name, bytes, context)
    } catch {
      return ModelFile(name, refused: RegistryProblem(file: name, message: error.reason))
    }
  }

  init(_ name: String, _ bytes: [UInt8], _ context: Context) {
    do {
      self.init(name, try TOMLDocument(bytes), context)
    } catch {
      self.init(name, refused: RegistryProblem(file: name, line: error.line, message: error.message))
    }
  }

  private init(_ name: String, refused problem: RegistryProblem) {
    (self.name, entry, problems) = (name, nil, [problem])
    lines = TOMLKeyLines([])
  }

  private init(_ name: String, _ document: TOMLDocument, _ context: Context) {
    var reader = SchemaReader(file: name, document)
    let read = Self.entry(&reader, context)
    (self.name, lines) = (name, document.lines)
    problems = reader.problems
    entry = reader.problems.isEmpty ? read : nil
  }

  /// Whether the file is `<id>.toml`.
  var isNamedLikeItsID: Bool { entry.map { name == "\($0.id).toml" } ?? false }

  /// A problem for each name of the entry that another file has taken; `owners` tells which.
  func clashes(with owners: [String: String]) -> [RegistryProblem] {
    guard let entry else { return [] }
    let named = [("id", entry.id)] + entry.aliases.map { ("aliases", $0) }
    return named.compactMap { key, value in
      guard let owner = owners[value], owner != name else { return nil }
      return RegistryProblem(
        file: name, line: lines.line(of: [key]), key: key,
        message: "\"\(value)\" is already taken by \(owner)")
    }
  }

  /// The whole schema. Every key is asked for even after a problem, so that all problems are told at once.
  private static func entry(_ reader: inout SchemaReader, _ context: Context) -> ModelEntry? {
    let id = reader.required("id", .identifier)
    let displayName = reader.required("display_name", .text(1...100))
    let file = reader.required("file", .checkpointFile)
    let source = reader.required("source", .source)
    reader.required("architecture", .supportedArchitecture)
    let order = reader.optional("order", .integer(0...1_000_000))
    let sha256 = reader.optional("sha256", .sha256)
    let aliases = reader.optional("aliases", .list(of: .identifier, upTo: 32)) ?? []
    let prediction = reader.optional("prediction", .choice(["epsilon", "v_prediction"]))
    let zeroTerminalSNR = reader.optional("zero_terminal_snr", .boolean)
    let vae = reader.optional("vae", .name)
    let defaults = defaults(&reader, context)
    let negativePrompt = negativePrompt(&reader)
    let promptGuide = promptGuide(&reader)
    reader.refuseUnknownKeys()
    if let id, Set([id] + aliases).count != aliases.count + 1 {
      reader.report("aliases", "repeats a name")
    }

    guard let id, let displayName, let file, let source, let defaults else { return nil }
    var entry = ModelEntry(
      id: id, displayName: displayName, file: file, source: source, path: context.folder + "/" + file,
      defaults: defaults)
    (entry.order, entry.sha256, entry.aliases) = (order, sha256, aliases)
    (entry.prediction, entry.zeroTerminalSNR, entry.vae) = (prediction, zeroTerminalSNR, vae)
    (entry.negativePrompt, entry.promptGuide) = (negativePrompt, promptGuide)
    return entry
  }

  private static func defaults(_ reader: inout SchemaReader, _ context: Context) -> ModelEntry.Defaults? {
    guard reader.table("defaults", .required) else { return nil }
    let cfg = reader.required("defaults.cfg", .number(0...30))
    let steps = reader.required("defaults.steps", .integer(1...150))
    let width = reader.required("defaults.width", .side)
    let height = reader.required("defaults.height", .side)
    let scheduler = reader.optional("defaults.scheduler", .text(refusedBy: context.schedulerProblem))
    let clipSkip = reader.optional("defaults.clip_skip", .integer(1...12))
    let cfgRescale = reader.optional("defaults.cfg_rescale", .number(0...1))
    let spacing = reader.optional("defaults.timestep_spacing", .choice(["leading", "trailing", "linspace"]))
    guard let cfg, let steps, let width, let height else { return nil }
    var defaults = ModelEntry.Defaults(
      cfg: cfg, steps: steps, width: width, height: height, scheduler: scheduler, clipSkip: clipSkip)
    (defaults.cfgRescale, defaults.timestepSpacing) = (cfgRescale, spacing)
    return defaults
  }

  private static func negativePrompt(_ reader: inout SchemaReader) -> String? {
    guard reader.table("negative_prompt", .optional) else { return nil }
    return reader.required("negative_prompt.default", .text(0...10_000))
  }

  private static func promptGuide(_ reader: inout SchemaReader) -> ModelEntry.PromptGuide? {
    guard reader.table("prompt_guide", .optional) else { return nil }
    let tags = reader.optional("prompt_guide.quality_tags", .list(of: .text(1...200), upTo: 100))
    let style = reader.optional("prompt_guide.style", .text(0...100))
    let notes = reader.optional("prompt_guide.notes", .text(0...10_000))
    return ModelEntry.PromptGuide(qualityTags: tags ?? [], style: style, notes: notes)
  }
}
