import API
import ArgumentParser
import Downloads
import Foundation
import Registry

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Lists, shows and checks the registered models.",
    subcommands: [List.self, Show.self, Verify.self], defaultSubcommand: List.self)

  struct Folder: ParsableArguments {
    @Option(help: "The models folder. (default: ./models)") var models: String?

    /// Absolute.
    func path() throws -> String {
      let folder = try Setting.value(models, "models", default: "models")
      return URL(fileURLWithPath: folder).standardizedFileURL.path
    }

    /// The registry; its problems go to standard error.
    func read() throws -> ModelRegistry {
      let folder = try path()
      let registry = ModelRegistry.load(
        folder: folder,
        schedulerProblem: { SchedulerNames.problem(with: $0) })
      for problem in registry.problems {
        try? FileHandle.standardError.write(contentsOf: Data("darkroom: \(problem)\n".utf8))
      }
      var isFolder = ObjCBool(false)
      guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
        throw ExitCode.failure
      }
      return registry
    }

    /// - Throws: `ExitCode.failure` after saying which model is not there.
    func find(_ id: String, in registry: ModelRegistry) throws -> ModelEntry {
      if let entry = registry.find(id) { return entry }
      let known = registry.models.map(\.id).joined(separator: ", ")
      try? FileHandle.standardError.write(
        contentsOf: Data("darkroom: Unknown model: \(id). Available: \(known)\n".utf8))
      throw ExitCode.failure
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One line a model.")
    @OptionGroup var folder: Folder

    func run() throws {
      let registry = try folder.read()
      let width = registry.models.map(\.id.count).max() ?? 0
      for entry in registry.models {
        let name = entry.id.padding(toLength: width, withPad: " ", startingAt: 0)
        let size = "\(entry.defaults.width)x\(entry.defaults.height)".padding(
          toLength: 9, withPad: " ", startingAt: 0)
        print("\(name)  \(registry.isDownloaded(entry) ? "here  " : "absent")  \(size)  \(entry.displayName)")
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All that is registered of a model.")
    @Argument(help: "A model's id or alias.") var id: String
    @OptionGroup var folder: Folder

    func run() throws {
      let registry = try folder.read()
      let entry = try folder.find(id, in: registry)
      let guide = entry.promptGuide
      let rows =
        [
          ("id", entry.id), ("name", entry.displayName), ("file", entry.file),
          ("downloaded", registry.isDownloaded(entry) ? "yes" : "no"), ("source", entry.source),
          ("architecture", entry.architecture), ("aliases", entry.aliases.joined(separator: ", ")),
          ("prediction", entry.prediction ?? "as the file says"),
          ("zero-SNR", entry.zeroTerminalSNR.map { $0 ? "yes" : "no" } ?? "as the file says"),
          ("vae", entry.vae ?? "the file's own"), ("sha256", entry.sha256 ?? "not registered"),
        ] + defaults(of: entry) + [
          ("negative", entry.negativePrompt ?? "none"),
          (
            "prompts",
            ([guide?.style, guide?.notes].compactMap(\.self) + (guide?.qualityTags ?? [])).joined(
              separator: "; ")
          ),
        ]
      for (key, value) in rows where !value.isEmpty {
        print("\(key.padding(toLength: 12, withPad: " ", startingAt: 0))  \(value)")
      }
    }

    private func defaults(of entry: ModelEntry) -> [(String, String)] {
      let defaults = entry.defaults
      return [
        ("size", "\(defaults.width)x\(defaults.height)"), ("steps", String(defaults.steps)),
        ("cfg", String(defaults.cfg)), ("cfg-rescale", String(defaults.cfgRescale ?? 0)),
        ("scheduler", defaults.scheduler ?? "euler_a"), ("spacing", defaults.timestepSpacing ?? "leading"),
        ("clip-skip", String(defaults.clipSkip ?? 2)),
      ]
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Checks models' files and their SHA-256, and says what they hold.")
    @Argument(help: "Ids or aliases. (default: every model whose file is there)") var ids: [String] = []
    @OptionGroup var folder: Folder

    func run() throws {
      let registry = try folder.read()
      let entries =
        ids.isEmpty
        ? registry.models.filter(registry.isDownloaded) : try ids.map { try folder.find($0, in: registry) }
      var failed = false
      for entry in entries {
        do {
          print(try check(entry))
        } catch {
          failed = true
          try? FileHandle.standardError.write(contentsOf: Data("darkroom: \(entry.id): \(error)\n".utf8))
        }
      }
      if failed { throw ExitCode.failure }
    }

    private func check(_ entry: ModelEntry) throws -> ModelAccount {
      let contents = try entry.contents()
      if let vae = entry.vae {
        let found = ModelRegistry.vae(named: vae, folder: try folder.path() + "/vae")
        if let why = found.map(\.error) ?? "\(vae) is not in the vae folder" { throw ValidationError(why) }
      }
      let digest = try SHA256.digest(ofFile: entry.path)
      guard entry.sha256 == nil || entry.sha256 == digest else {
        throw ValidationError("\(entry.file) has SHA-256 \(digest), registered is \(entry.sha256 ?? "")")
      }
      return ModelAccount(entry: entry, contents: contents, digest: digest)
    }
  }
}
