import FoundationEssentials
import Safetensors

/// A file of the folder `vae` and what its header says of it. The weights themselves are not read.
public struct VAEFile: Sendable, Equatable {
  /// What requests and models call it: the file's name without `.safetensors`.
  public let name: String
  /// The folder with the file's name behind it.
  public let path: String
  /// Why it cannot be used; `nil` when its header is sound.
  public let error: String?
}

extension ModelRegistry {
  /// The `*.safetensors` of a folder by name, hidden files left out; none where there is no such folder.
  public static func vaes(folder: String) -> [VAEFile] {
    let ending = ".safetensors"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().filter { $0.hasSuffix(ending) && !$0.hasPrefix(".") }.map { file in
      let path = "\(folder)/\(file)"
      do {
        _ = try SafetensorsFile(path: path)
        return VAEFile(name: String(file.dropLast(ending.count)), path: path, error: nil)
      } catch {
        return VAEFile(name: String(file.dropLast(ending.count)), path: path, error: "\(error)")
      }
    }
  }

  /// The VAE of a folder with exactly this name; `nil` when there is none.
  public static func vae(named name: String, folder: String) -> VAEFile? {
    vaes(folder: folder).first { $0.name == name }
  }
}
