/// Why a file of the models folder, or a part of it, was refused.
public struct RegistryProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// The TOML file's name; the folder, when that cannot be read.
  public let file: String
  /// Counted from 1; for an absent key the line of the table it belongs in, `nil` at the top level.
  public let line: Int?
  /// Dotted, for example `defaults.steps`; `nil` when no key is at fault.
  public let key: String?
  /// A sentence without the names above.
  public let message: String

  public init(file: String, line: Int? = nil, key: String? = nil, message: String) {
    (self.file, self.line, self.key, self.message) = (file, line, key, message)
  }

  /// `animagine.toml:12: defaults.steps: must be from 1 to 150, not 0`; control characters escaped.
  public var description: String {
    let text = file + (line.map { ":\($0)" } ?? "") + ": " + (key.map { "\($0): " } ?? "") + message
    // One problem, one line of the log, whatever a file's values hold.
    return text.unicodeScalars.reduce(into: "") { line, scalar in
      line += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
    }
  }
}
