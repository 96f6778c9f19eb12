import FoundationEssentials

/// A decoder in a file of its own.
public struct VAEFile: Sendable, Equatable {
  /// What requests call it: the file's name without `.safetensors`.
  public let name: String
  /// Absolute.
  public let path: String

  public init(name: String, path: String) { (self.name, self.path) = (name, path) }

  /// The `*.safetensors` of a folder by name, hidden files left out; none where there is no such folder.
  static func all(in folder: String) -> [VAEFile] {
    let ending = ".safetensors"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().filter { $0.hasSuffix(ending) && !$0.hasPrefix(".") }.map {
      VAEFile(name: String($0.dropLast(ending.count)), path: "\(folder)/\($0)")
    }
  }
}
