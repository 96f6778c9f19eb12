import ArgumentParser
import Foundation

/// The value of an option: the flag, else the environment's, else the configuration file's, else the default.
///
/// `--max-inflight` is `DARKROOM_MAX_INFLIGHT`, and `max-inflight` in the file.
enum Setting {
  /// - Throws: `ValidationError` naming the variable, or the file and the line, when its value is not a `Value`.
  static func value<Value: ExpressibleByArgument>(
    _ flag: Value?, _ option: String, default fallback: Value, from file: ConfigurationFile? = nil
  ) throws -> Value {
    try optional(flag, option, from: file) ?? fallback
  }

  /// - Throws: as `value`.
  static func optional<Value: ExpressibleByArgument>(
    _ flag: Value?, _ option: String, from file: ConfigurationFile? = nil
  ) throws -> Value? {
    // Looked up in any case, so that the file knows the key for a known one.
    let filed = try file?.value(option)
    if let flag { return flag }
    guard let (text, place) = environment(option) ?? filed else { return nil }
    guard let value = Value(argument: text) else {
      throw ValidationError("\(place) has the value '\(text)', which --\(option) does not take.")
    }
    return value
  }

  /// A comma-separated list; in the file a list of texts.
  static func list(
    _ flags: [String], _ option: String, from file: ConfigurationFile? = nil
  ) throws -> [String] {
    let filed = try file?.list(option)
    if !flags.isEmpty { return flags }
    guard let (text, _) = environment(option) else { return filed ?? [] }
    return text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  /// - Throws: as `value`. Set means `1`, `true` or `yes`.
  static func isOn(_ flag: Bool, _ option: String, from file: ConfigurationFile? = nil) throws -> Bool {
    let filed = try file?.value(option)
    if flag { return true }
    guard let (text, place) = environment(option) ?? filed else { return false }
    switch text.lowercased() {
    case "0", "false", "no": return false
    case "1", "true", "yes": return true
    default: throw ValidationError("\(place) has the value '\(text)'; it takes true or false.")
    }
  }

  private static func environment(_ option: String) -> (text: String, place: String)? {
    let variable = "DARKROOM_" + option.uppercased().replacingOccurrences(of: "-", with: "_")
    guard let text = ProcessInfo.processInfo.environment[variable], !text.isEmpty else { return nil }
    return (text, variable)
  }
}
