import Foundation

/// Where CLIP's vocabulary lies. It is the same for every SDXL model: a models folder without one of its own
/// uses the one that set-up fetched.
public struct VocabularyFile: Sendable {
  /// In the order they are tried.
  let candidates: [String]

  private static let place = "tokenizer/merges.txt"

  /// - Parameter executable: a program of this project; the source tree it was built in is searched too.
  public init(modelsFolder: String, executable: String? = nil) {
    var candidates = ["\(modelsFolder)/\(Self.place)"]
    var folder = executable.map {
      URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent()
    }
    // .build/<platform>/release lies three folders below the tree's root.
    for _ in 0..<4 {
      guard let here = folder else { break }
      candidates.append(here.appendingPathComponent("models/\(Self.place)").path)
      folder = here.deletingLastPathComponent()
    }
    self.candidates = candidates
  }

  /// What to tell operators while there is none.
  var lack: String? {
    FileManager.default.isReadableFile(atPath: path)
      ? nil : "The vocabulary \(Self.place) is missing. Run: scripts/fetch-vocabulary"
  }

  /// The first that is there; the models folder's own when none is.
  var path: String {
    candidates.first { FileManager.default.isReadableFile(atPath: $0) } ?? candidates[0]
  }
}
