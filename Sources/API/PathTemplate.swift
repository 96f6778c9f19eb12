/// The path of a route: whole, such as `/health`, or with named segments, such as `/jobs/{id}`.
struct PathTemplate: Sendable, Equatable, ExpressibleByStringLiteral {
  private enum Segment: Sendable, Equatable {
    case literal(Substring)
    case parameter(String)
  }

  let text: String
  private let segments: [Segment]

  init(_ text: String) {
    self.text = text
    segments = Self.split(text).map { segment in
      segment.hasPrefix("{") && segment.hasSuffix("}")
        ? .parameter(String(segment.dropFirst().dropLast())) : .literal(segment)
    }
  }

  init(stringLiteral text: String) { self.init(text) }

  /// The names of its parameters, in order.
  var parameters: [String] {
    segments.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
  }

  /// The parameters' values when `path`, with percent-encoding undone, is one of these paths. A value is one
  /// whole segment and never empty.
  func arguments(of path: String) -> [String: String]? {
    let parts = Self.split(path)
    guard parts.count == segments.count else { return nil }
    var arguments: [String: String] = [:]
    for (segment, part) in zip(segments, parts) {
      switch segment {
      case .literal(let text): if text != part { return nil }
      case .parameter(let name):
        if part.isEmpty { return nil }
        arguments[name] = String(part)
      }
    }
    return arguments
  }

  private static func split(_ path: String) -> [Substring] {
    path.split(separator: "/", omittingEmptySubsequences: false)
  }
}
