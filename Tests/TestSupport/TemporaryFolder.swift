public import Foundation

/// A folder that is gone when its owner is.
public final class TemporaryFolder: Sendable {
  public let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("darkroom-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  public var path: String { url.path }

  /// - Returns: the path of `name` within.
  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// - Returns: the new file's path.
  @discardableResult
  public func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
    try Data(bytes).write(to: url.appendingPathComponent(name))
    return path(name)
  }

  /// - Returns: the new file's path.
  @discardableResult
  public func write(_ text: String, to name: String) throws -> String { try write(text.utf8, to: name) }

  public func text(of name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  /// A models folder with the embedded model (as a link) and its vocabulary.
  public static func withPocket() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in ["pocket.toml", "pocket.safetensors", "tokenizer"] {
      try FileManager.default.createSymbolicLink(
        at: folder.url.appendingPathComponent(name),
        withDestinationURL: Repository.models.appendingPathComponent(name))
    }
    return folder
  }
}
