import FoundationEssentials
import Glibc

/// The models folder as it was at one moment: a value, safe to share and to swap for a newer one.
public struct ModelRegistry: Sendable {
  /// By `order`, then by id; those without an order last.
  public let models: [ModelEntry]
  /// What was refused and why, by file name.
  public let problems: [RegistryProblem]

  private let places: [String: Int]
  /// Bytes of the checkpoints that are there, by id.
  private let sizes: [String: Int]

  /// A registry of given models. Of two that share an id or alias, the first in listing order answers to it.
  public init(models: [ModelEntry], problems: [RegistryProblem] = []) {
    let sorted = models.sorted { ($0.order ?? .max, $0.id) < ($1.order ?? .max, $1.id) }
    var places: [String: Int] = [:]
    for (place, model) in sorted.enumerated() {
      for name in [model.id] + model.aliases where places[name] == nil { places[name] = place }
    }
    (self.models, self.problems, self.places) = (sorted, problems, places)
    sizes = Dictionary(
      sorted.compactMap { entry in Self.size(of: entry.path).map { (entry.id, $0) } },
      uniquingKeysWith: { $1 })
  }

  /// Reads every `*.toml` of a folder; hidden files are passed over. No checkpoint is opened.
  ///
  /// A file that is wrong in any way is refused whole and told of in `problems`; the others still load.
  /// Where two files claim one name, an id goes before an alias, the file called like the id before others, and
  /// then the first by file name.
  /// - Parameters:
  ///   - folder: the models folder; a relative path is taken from the current directory.
  ///   - schedulerProblem: why a `defaults.scheduler` cannot be used; `nil` for one that can.
  public static func load(
    folder: String, schedulerProblem: @escaping @Sendable (String) -> String? = { _ in nil }
  ) -> ModelRegistry {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      let reason = "the models folder does not exist or cannot be read"
      return ModelRegistry(models: [], problems: [RegistryProblem(file: folder, message: reason)])
    }
    let context = ModelFile.Context(folder: absolute(folder), schedulerProblem: schedulerProblem)
    let files = names.filter { $0.hasSuffix(".toml") && !$0.hasPrefix(".") }.sorted().map {
      ModelFile.read($0, context)
    }
    // A newcomer must not take a name from a model that has it: the file called like the id has the best claim,
    // and an id a better one than an alias.
    let claimants = files.filter(\.isNamedLikeItsID) + files.filter { !$0.isNamedLikeItsID }
    var owners: [String: String] = [:]
    for file in claimants {
      if let id = file.entry?.id, owners[id] == nil { owners[id] = file.name }
    }
    var models: [ModelEntry] = []
    var problems: [RegistryProblem] = []
    for file in claimants {
      let clashes = file.clashes(with: owners)
      problems += file.problems + clashes
      guard let entry = file.entry, clashes.isEmpty else { continue }
      for alias in entry.aliases { owners[alias] = file.name }
      models.append(entry)
    }
    return ModelRegistry(models: models, problems: problems.sorted { $0.file < $1.file })
  }

  /// The model with exactly this id or alias.
  public func find(_ idOrAlias: String) -> ModelEntry? {
    places[idOrAlias].map { models[$0] }
  }

  /// Whether the checkpoint was there when the registry was read or last surveyed: a readable, non-empty
  /// regular file. It is not opened.
  public func isDownloaded(_ entry: ModelEntry) -> Bool { sizes[entry.id] != nil }

  /// Bytes of the checkpoint, when it is downloaded.
  public func sizeBytes(_ entry: ModelEntry) -> Int? { sizes[entry.id] }

  /// The same models, their files looked at anew.
  public func surveyed() -> ModelRegistry { ModelRegistry(models: models, problems: problems) }

  private static func size(of path: String) -> Int? {
    var info = stat()
    guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_size > 0, access(path, R_OK) == 0
    else { return nil }
    return Int(info.st_size)
  }

  private static func absolute(_ folder: String) -> String {
    var path = folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }
}
