import CheckpointKinds
import Safetensors

/// A file of the folder `vae` and what its header says of it. The weights themselves are not read.
public struct VAEFile: Sendable, Equatable {
  /// What requests and models call it: the file's name without `.safetensors`.
  public let name: String
  /// The file's name within its folder.
  public let file: String
  /// The folder with `file` behind it.
  public let path: String
  public let sizeBytes: Int
  /// Why it cannot decode SDXL's latents; `nil` when its header is sound and a VAE's.
  public let error: String?
}

extension ModelRegistry {
  /// The `*.safetensors` of a folder by name, hidden files left out; those that are broken or hold something else
  /// are listed with their error. A folder that is missing or cannot be read is an empty list.
  ///
  /// Reads headers only, at most 25 MB each.
  public static func vaes(folder: String) -> [VAEFile] {
    WeightFolder.files(in: folder).map { VAEFile(folder: folder, file: $0) }
  }

  /// The VAE of a folder with this name, with or without its ending; `nil` when there is none. Its `error` is for the
  /// caller to look at.
  public static func vae(named name: String, folder: String) -> VAEFile? {
    // Only a name that the folder lists, so that none leads out of it.
    let files = WeightFolder.files(in: folder)
    return (files.first { $0 == name + WeightFolder.ending } ?? files.first { $0 == name })
      .map { VAEFile(folder: folder, file: $0) }
  }
}

extension VAEFile {
  fileprivate init(folder: String, file: String) {
    name = String(file.dropLast(WeightFolder.ending.count))
    self.file = file
    path = folder + "/" + file
    do {
      let content = try SafetensorsFile(path: path)
      sizeBytes = content.byteCount
      do {
        try content.requireVAE()
        error = nil
      } catch {
        self.error = error.description
      }
    } catch {
      sizeBytes = WeightFolder.size(of: path)
      self.error = error.description
    }
  }
}
