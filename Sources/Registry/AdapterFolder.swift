import CheckpointKinds
import FoundationEssentials
import Safetensors

/// The folders of a models folder that hold what goes with its checkpoints.
public struct AdapterFolders: Sendable {
  /// The models folder.
  public let models: String

  public init(models: String) { self.models = models }

  public var loras: String { models + "/loras" }
  public var vaes: String { models + "/vae" }

  public func folder(_ kind: AdapterKind) -> AdapterFolder {
    AdapterFolder(path: models + "/" + kind.folder, kind: kind)
  }

  /// What turns pictures into what IP-Adapters read.
  public var imageEncoder: ImageEncoderFolder {
    ImageEncoderFolder(path: models + "/" + AdapterKind.ipAdapter.folder + "/image_encoder")
  }
}

/// What a folder of adapters is for.
public enum AdapterKind: Sendable, Equatable, CaseIterable {
  case lora, ipAdapter, controlNet, textualInversion, depth

  /// Its folder in the models folder.
  public var folder: String {
    switch self {
    case .lora: "loras"
    case .ipAdapter: "ip-adapter"
    case .controlNet: "controlnet"
    case .textualInversion: "embeddings"
    case .depth: "depth"
    }
  }

  /// What weights are called in an entry that is a folder, as Hugging Face's libraries save models; none where an entry
  /// is a file.
  var weightsInFolders: [String] {
    switch self {
    case .controlNet: ["diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors"]
    case .depth: ["model.safetensors"]
    case .lora, .ipAdapter, .textualInversion: []
    }
  }

  var takesFiles: Bool { self != .depth }

  /// - Throws: for a file that is known to hold something else. What is of no known kind may still be one with a
  ///   damaged name, which its reader can tell.
  func check(_ file: SafetensorsFile) throws(ForeignFile) {
    let (wanted, phrase): (FileKind, String) =
      switch self {
      case .lora: (.lora, "a LoRA")
      case .ipAdapter: (.ipAdapter, "an IP-Adapter")
      case .controlNet: (.controlNet, "a ControlNet")
      case .textualInversion: (.textualInversion, "a textual inversion")
      case .depth: (.unknown, "a depth model")
      }
    let kind = FileKind(of: file.header)
    // A Control-LoRA makes a ControlNet of the checkpoint that it is used with.
    let isMadeOne = self == .controlNet && kind == .controlLoRA
    guard kind == wanted || kind == .unknown || isMadeOne else {
      throw ForeignFile(file: file.name, kind: kind, wanted: phrase)
    }
  }
}

/// A folder of adapters. Files are those it lists, so that no name leads out of it.
public struct AdapterFolder: Sendable {
  public let path: String
  public let kind: AdapterKind

  /// An adapter, and what its header says of it.
  public struct Entry: Sendable, Equatable {
    /// The file's name without `.safetensors`, or the folder's.
    public let name: String
    /// Of the file, or the folder.
    public let path: String
    /// Why it cannot be used; `nil` when its header is sound and not another kind's.
    public let error: String?
  }

  /// By name; none where the folder is missing or cannot be read. No file is opened.
  public var names: [String] { places.keys.sorted() }

  /// Reads one header, or of all files for a LoRA that is called by its alias.
  /// - Parameter wanted: a name of `names`, or a file's with its ending; of a LoRA also the name that its trainer gave
  ///   it, where only one file has it. An earlier one of these goes before a later one.
  /// - Returns: `nil` where there is no such adapter.
  public func find(_ wanted: String) -> Entry? {
    let places = places
    let name = places[wanted] == nil ? fileName(wanted, places) ?? alias(wanted, places) : wanted
    return name.flatMap { name in places[name].map { entry(name, $0) } }
  }

  private func entry(_ name: String, _ place: Place) -> Entry {
    let path = "\(path)/\(place.entry)"
    return Entry(name: name, path: path, error: error(of: place.weights.map { "\(path)/\($0)" } ?? path))
  }

  private func fileName(_ wanted: String, _ places: [String: Place]) -> String? {
    guard wanted.hasSuffix(WeightFolder.ending) else { return nil }
    let name = String(wanted.dropLast(WeightFolder.ending.count))
    return places[name]?.entry == wanted ? name : nil
  }

  /// The name of the one file whose trainer called it so, as prompts of AUTOMATIC1111 call LoRAs unless told otherwise.
  /// Source: its `extensions-builtin/Lora/network.py` and `networks.py`, where an alias of several files is forbidden.
  private func alias(_ wanted: String, _ places: [String: Place]) -> String? {
    guard kind == .lora, !wanted.isEmpty else { return nil }
    let named = places.filter { place in
      let file = try? SafetensorsFile(path: "\(path)/\(place.value.entry)")
      return file?.header.metadata["ss_output_name"] == wanted
    }
    return named.count == 1 ? named.first?.key : nil
  }

  /// All of them, by name, those that cannot be used too. Reads the header of each.
  public var entries: [Entry] { names.compactMap { find($0) } }

  /// What stands in the folder for a name: a file, or a folder and the weights in it.
  private typealias Place = (entry: String, weights: String?)

  /// By name; a file goes before a folder of the same name.
  private var places: [String: Place] {
    var places: [String: Place] = [:]
    if kind.takesFiles {
      for file in WeightFolder.files(in: path) {
        places[String(file.dropLast(WeightFolder.ending.count))] = (file, nil)
      }
    }
    guard !kind.weightsInFolders.isEmpty else { return places }
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    for folder in folders where !folder.hasPrefix(".") && places[folder] == nil {
      let files = WeightFolder.files(in: "\(path)/\(folder)")
      if let weights = kind.weightsInFolders.first(where: files.contains) {
        places[folder] = (folder, weights)
      }
    }
    return places
  }

  private func error(of path: String) -> String? {
    do {
      let file = try SafetensorsFile(path: path)
      do throws(ForeignFile) {
        try kind.check(file)
        return nil
      } catch {
        return error.description
      }
    } catch {
      return error.description
    }
  }
}

/// The folder of a CLIP image encoder under Hugging Face's names.
public struct ImageEncoderFolder: Sendable {
  public let path: String
  static let weights = "model.safetensors"

  /// Whether its weights are there.
  public var isPresent: Bool { WeightFolder.files(in: path).contains(Self.weights) }

  /// Pixels of a side of what it reads: `image_size` of its `config.json`, 224 where that does not say.
  public var imageSize: Int {
    guard let bytes = try? SmallFile.read(path + "/config.json", limit: 1 << 20),
      let size = try? JSONDecoder().decode(Configuration.self, from: Data(bytes)).imageSize,
      (1...2048).contains(size)
    else { return 224 }
    return size
  }

  private struct Configuration: Decodable {
    var imageSize: Int?

    enum CodingKeys: String, CodingKey {
      case imageSize = "image_size"
    }
  }
}
