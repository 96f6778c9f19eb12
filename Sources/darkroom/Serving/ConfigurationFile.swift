import ArgumentParser
import Foundation
import Registry

/// The options of `darkroom serve` as a TOML file has them, by their names without the dashes before them.
final class ConfigurationFile {
  private let name: String
  private let settings: [String: SettingsFile.Setting]
  private let order: [String]
  /// What was asked for; whatever else is in the file is a mistake.
  private var known: Set<String> = []

  /// - Throws: `ValidationError` with the line, for a file that cannot be read or is not as it should be.
  init(path: String) throws {
    do throws(RegistryProblem) {
      let file = try SettingsFile(path: path)
      order = file.settings.map(\.key)
      settings = Dictionary(file.settings.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    } catch {
      throw ValidationError("--config: \(error)")
    }
    name = URL(fileURLWithPath: path).lastPathComponent
  }

  /// The text of a setting and where it stands.
  /// - Throws: `ValidationError` when it is a list.
  func value(_ option: String) throws -> (text: String, place: String)? {
    known.insert(option)
    guard let setting = settings[option] else { return nil }
    guard !setting.isList, let text = setting.values.first else {
      throw ValidationError("\(place(setting)) should be one value, not a list.")
    }
    return (text, place(setting))
  }

  /// The texts of a setting; one that is no list counts as a list of it.
  func list(_ option: String) throws -> [String]? {
    known.insert(option)
    return settings[option]?.values
  }

  /// To be called when everything has been asked for.
  /// - Throws: `ValidationError` naming the first key that nobody asked for, and its line.
  func refuseUnknownKeys() throws {
    guard let key = order.first(where: { !known.contains($0) }), let setting = settings[key] else { return }
    throw ValidationError("\(place(setting)) is not a known key.")
  }

  private func place(_ setting: SettingsFile.Setting) -> String {
    "\(name)\(setting.line.map { ":\($0)" } ?? ""): \(setting.key)"
  }
}
