/// A TOML file of settings: keys at its top level, each with a text, a number, a boolean or a list of texts.
public struct SettingsFile: Sendable {
  public struct Setting: Sendable, Equatable {
    public let key: String
    /// Counted from 1; `nil` where the key is written with escapes.
    public let line: Int?
    /// As it would be typed; a list has any number, everything else one.
    public let values: [String]
    public let isList: Bool
  }

  /// In the order of the file.
  public let settings: [Setting]

  /// A file longer than this holds something else.
  public static let largestFile = 1 << 20

  /// - Throws: `RegistryProblem` for a file that cannot be read or is not TOML, and for the first key whose value
  ///   is of another kind.
  public init(path: String) throws(RegistryProblem) {
    let name = String(path.split(separator: "/").last ?? "")
    let bytes: [UInt8]
    do {
      bytes = try SmallFile.read(path, limit: Self.largestFile)
    } catch {
      throw RegistryProblem(file: name, message: error.reason)
    }
    try self.init(bytes, file: name)
  }

  init(_ bytes: [UInt8], file: String) throws(RegistryProblem) {
    let document: TOMLDocument
    do {
      document = try TOMLDocument(bytes)
    } catch {
      throw RegistryProblem(file: file, line: error.line, message: error.message)
    }
    let placed = document.root.map { (key: $0.key, node: $0.value, line: document.lines.line(of: [$0.key])) }
    var settings: [Setting] = []
    for (key, node, line) in placed.sorted(by: { ($0.line ?? 0, $0.key) < ($1.line ?? 0, $1.key) }) {
      do {
        settings.append(try Setting(key, line, node))
      } catch {
        throw RegistryProblem(file: file, line: line, key: key, message: error.message)
      }
    }
    self.settings = settings
  }
}

extension SettingsFile.Setting {
  fileprivate init(_ key: String, _ line: Int?, _ node: TOMLNode) throws(Mismatch) {
    (self.key, self.line) = (key, line)
    if case .array(let nodes) = node {
      isList = true
      var values: [String] = []
      for node in nodes {
        guard case .string(let text) = node else {
          throw Mismatch("must be a list of strings; one of it is \(node.kind)")
        }
        values.append(text)
      }
      self.values = values
    } else {
      isList = false
      values = [try Self.text(node)]
    }
  }

  private static func text(_ node: TOMLNode) throws(Mismatch) -> String {
    switch node {
    case .string(let text): text
    case .integer(let value): String(value)
    case .number(let value): String(value)
    case .boolean(let value): String(value)
    case .array, .table, .moment:
      throw .expected("a string, a number, a boolean or a list of strings", node)
    }
  }
}
