import ArgumentParser
import Foundation

/// The value of an option: the flag, else the environment's, else the default.
///
/// `--max-inflight` is `DARKROOM_MAX_INFLIGHT`.
enum Setting {
  /// - Throws: `ValidationError` naming the variable when its value is not a `Value`.
  static func value<Value: ExpressibleByArgument>(
    _ flag: Value?, _ option: String, default fallback: Value
  ) throws -> Value {
    try optional(flag, option) ?? fallback
  }

  /// - Throws: as `value`.
  static func optional<Value: ExpressibleByArgument>(_ flag: Value?, _ option: String) throws -> Value? {
    if let flag { return flag }
    guard let text = environment(option) else { return nil }
    guard let value = Value(argument: text) else {
      throw ValidationError("\(variable(option)) has the value '\(text)', which --\(option) does not take.")
    }
    return value
  }

  /// A comma-separated list.
  static func list(_ flags: [String], _ option: String) -> [String] {
    if !flags.isEmpty { return flags }
    return (environment(option) ?? "").split(separator: ",").map {
      $0.trimmingCharacters(in: .whitespaces)
    }.filter { !$0.isEmpty }
  }

  /// - Throws: as `value`. Set means `1`, `true` or `yes`.
  static func isOn(_ flag: Bool, _ option: String) throws -> Bool {
    if flag { return true }
    switch environment(option)?.lowercased() {
    case nil, "0", "false", "no": return false
    case "1", "true", "yes": return true
    case .some(let text):
      throw ValidationError("\(variable(option)) has the value '\(text)'; it takes true or false.")
    }
  }

  private static func environment(_ option: String) -> String? {
    ProcessInfo.processInfo.environment[variable(option)].flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func variable(_ option: String) -> String {
    "DARKROOM_" + option.uppercased().replacingOccurrences(of: "-", with: "_")
  }
}
