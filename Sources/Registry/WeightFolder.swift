import FoundationEssentials
import Glibc

/// A folder of safetensors files that are called by their names without the ending.
enum WeightFolder {
  static let ending = ".safetensors"

  /// The files by name, hidden ones left out; none when the folder is missing or cannot be read.
  static func files(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().filter { $0.hasSuffix(ending) && !$0.hasPrefix(".") && $0 != ending }
  }

  /// Bytes of a file whose content cannot be told; 0 when it cannot be looked at.
  static func size(of path: String) -> Int {
    var info = stat()
    return stat(path, &info) == 0 ? Int(info.st_size) : 0
  }
}
