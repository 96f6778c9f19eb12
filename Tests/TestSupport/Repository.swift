public import Foundation

/// Places of the source tree, found from this file.
public enum Repository {
  public static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The models folder of the tree: its TOML files, the embedded checkpoint and the vocabulary.
  public static var models: URL { root.appendingPathComponent("models") }

  /// Where the build put its products: the folder of the running test bundle.
  public static var products: URL {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    for argument in CommandLine.arguments where argument.hasSuffix(".xctest") {
      folder = URL(fileURLWithPath: argument).resolvingSymlinksInPath()
    }
    return folder.deletingLastPathComponent()
  }
}
