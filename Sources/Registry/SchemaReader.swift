/// Reads a TOML document strictly: every key by its expected shape, and at the end none may be left over.
struct SchemaReader {
  let file: String
  let document: TOMLDocument
  private(set) var problems: [RegistryProblem] = []
  /// What was asked for.
  private var known: Set<[String]> = []

  enum Presence {
    case required, optional
  }

  init(file: String, _ document: TOMLDocument) {
    (self.file, self.document) = (file, document)
  }

  /// Reads a key; its absence is a problem.
  @discardableResult
  mutating func required<Value>(_ key: String, _ shape: TOMLShape<Value>) -> Value? {
    if node(key) == nil { report(key, "is missing") }
    return optional(key, shape)
  }

  /// Reads a key; `nil` when it is absent or of another shape, and the latter is a problem.
  mutating func optional<Value>(_ key: String, _ shape: TOMLShape<Value>) -> Value? {
    known.insert(path(key))
    guard let node = node(key) else { return nil }
    do {
      return try shape.read(node)
    } catch {
      report(key, error.message)
      return nil
    }
  }

  /// Whether there is a table of that name; another kind of value is a problem.
  mutating func table(_ key: String, _ presence: Presence) -> Bool {
    known.insert(path(key))
    switch node(key) {
    case .table: return true
    case .some(let node): report(key, "must be a table, not \(node.kind)")
    case nil: if presence == .required { report(key, "is missing") }
    }
    return false
  }

  /// A problem for each key that was never asked for, in the order of the file.
  mutating func refuseUnknownKeys() {
    var unknown: [[String]] = []
    for (key, node) in document.root {
      if !known.contains([key]) {
        unknown.append([key])
      } else if case .table(let members) = node {
        unknown += members.keys.map { [key, $0] }.filter { !known.contains($0) }
      }
    }
    let placed = unknown.map { (line: document.lines.line(of: $0) ?? 0, path: $0) }
    for (_, path) in placed.sorted(by: { ($0.line, $0.path.joined()) < ($1.line, $1.path.joined()) }) {
      report(path, "is not a known key")
    }
  }

  mutating func report(_ key: String, _ message: String) {
    report(path(key), message)
  }

  private mutating func report(_ path: [String], _ message: String) {
    let key = path.joined(separator: ".")
    problems.append(
      RegistryProblem(file: file, line: document.lines.line(of: path), key: key, message: message))
  }

  private func path(_ key: String) -> [String] {
    key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
  }

  private func node(_ key: String) -> TOMLNode? {
    var node = TOMLNode.table(document.root)
    for part in path(key) {
      guard case .table(let members) = node, let next = members[part] else { return nil }
      node = next
    }
    return node
  }
}
