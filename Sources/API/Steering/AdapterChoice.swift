import Generation
import JSON
import Registry

/// Looks names up among adapters; may wait for the disk.
struct AdapterChoice {
  let folder: AdapterFolder
  /// Of the request, for the `input` of a 422.
  let body: JSONObject

  /// - Parameter path: where the body names it.
  /// - Throws: 404 for a name that is not there; 422 for a file that is damaged or holds something else.
  func find(_ name: String, at path: FieldPath) throws(APIError) -> AdapterFile {
    guard let entry = folder.find(name) else { throw unknown(name) }
    if let error = entry.error {
      throw APIError([ValidationIssue(path.steps, .value(error), input: body.value(at: path))])
    }
    return AdapterFile(name: entry.name, path: entry.path)
  }

  func unknown(_ name: String) -> APIError {
    let names = folder.names
    let list = names.isEmpty ? "none" : names.joined(separator: ", ")
    let kind = folder.kind
    return APIError(404, "\(kind.code)_not_found", "Unknown \(kind.word): \(name). Available: \(list)")
  }
}

extension [AdapterFolder.Entry] {
  /// Why those that cannot be used cannot, for the middle of a sentence; empty where there are none.
  var complaints: String {
    let all = compactMap { entry in entry.error.map { "\(entry.name): \($0)" } }
    return all.isEmpty ? "" : " (\(all.joined(separator: "; ")))"
  }
}

extension AdapterKind {
  /// What codes of errors begin with.
  var code: String {
    switch self {
    case .lora: "lora"
    case .ipAdapter: "ip_adapter"
    case .controlNet: "control"
    case .textualInversion: "embedding"
    case .depth: "depth_model"
    }
  }

  /// What clients are told of.
  var word: String {
    switch self {
    case .lora: "lora"
    case .ipAdapter: "ip_adapter"
    case .controlNet: "control model"
    case .textualInversion: "embedding"
    case .depth: "depth model"
    }
  }
}
