import JSON

/// How much of what a client sent its list of mistakes may repeat: a body has megabytes, and several mistakes may
/// each show all of it.
struct Echo {
  /// Bytes that may still be repeated.
  private var left = 64 << 10
  /// Of a name in a `loc`.
  private static let longestName = 1000

  /// `value`, cut where the budget ends: texts end in "…", and lists and objects lose their last members.
  mutating func cut(_ value: JSONValue) -> JSONValue {
    switch value {
    case .null, .bool, .number:
      left -= 8
      return value
    case .string(let text): return .string(cut(text))
    case .array(let elements):
      var kept: [JSONValue] = []
      for element in elements where left > 0 { kept.append(cut(element)) }
      return .array(kept)
    case .object(let object):
      var kept = JSONObject()
      for member in object.members where left > 0 {
        let key = cut(member.key)
        kept[key] = cut(member.value)
      }
      return .object(kept)
    }
  }

  /// A place in the body, its names cut to a readable length.
  func shortened(_ location: [JSONValue]) -> [JSONValue] {
    location.map { part in
      guard case .string(let name) = part, name.utf8.count > Self.longestName else { return part }
      return .string(String(name.unicodeScalars.prefix(Self.longestName)) + "…")
    }
  }

  private mutating func cut(_ text: String) -> String {
    defer { left -= text.utf8.count + 8 }
    guard text.utf8.count > max(left, 0) else { return text }
    return String(text.unicodeScalars.prefix(max(left, 0) / 4)) + "…"
  }
}
