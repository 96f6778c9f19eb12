import JSON
import Registry

/// `{"type": NAME}` for `{"type": "raw", "model": NAME}`, where `NAME` is a network's: clients whose pictures are ready
/// maps know a network by the kind of its maps.
struct ControlNaming {
  private let body: JSONObject
  private let controls: JSONValue

  /// - Returns: `nil` for a body without a `type` that is no kind beside no `model`.
  init?(_ body: JSONObject) {
    guard let controls = body["control"], !Self.names(in: controls).isEmpty else { return nil }
    (self.body, self.controls) = (body, controls)
  }

  /// The body with each of them spelt out; waits for the disk.
  func spelledOut(in folders: AdapterFolders) -> JSONObject {
    let networks = folders.folder(.controlNet)
    var body = body
    body["control"] = Self.spelledOut(
      controls, Set(Self.names(in: controls).filter { networks.find($0) != nil }))
    return body
  }

  private static func names(in controls: JSONValue) -> [String] {
    switch controls {
    case .object(let control): [name(in: control)].compactMap(\.self)
    case .array(let elements): elements.compactMap { $0.objectValue.flatMap(name) }
    default: []
    }
  }

  private static func name(in control: JSONObject) -> String? {
    guard control["model"] ?? .null == .null, let type = control["type"]?.stringValue else { return nil }
    return ControlOrder.Kind(rawValue: type) == nil ? type : nil
  }

  private static func spelledOut(_ controls: JSONValue, _ known: Set<String>) -> JSONValue {
    switch controls {
    case .object(var control):
      guard let name = name(in: control), known.contains(name) else { return controls }
      control["model"] = .string(name)
      control["type"] = .string(ControlOrder.Kind.raw.rawValue)
      return .object(control)
    case .array(let elements):
      return .array(elements.map { $0.objectValue == nil ? $0 : spelledOut($0, known) })
    default: return controls
    }
  }
}
