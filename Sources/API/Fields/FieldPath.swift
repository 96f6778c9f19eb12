import JSON

/// Where a value stands in a body.
struct FieldPath: Sendable, Equatable {
  /// Names of members and numbers of elements, from the body's root; what `loc` has behind `body`.
  private(set) var steps: [JSONValue] = []

  init() {}

  init(_ name: String) { steps = [.string(name)] }

  func member(_ name: String) -> FieldPath { appending(.string(name)) }

  func element(_ index: Int) -> FieldPath { appending(.number(JSONNumber(index))) }

  private func appending(_ step: JSONValue) -> FieldPath {
    var path = self
    path.steps.append(step)
    return path
  }

  /// As people write it: `reference_images[1].mask`.
  var text: String {
    steps.reduce("") { text, step in
      if case .string(let name) = step { return text.isEmpty ? name : "\(text).\(name)" }
      return "\(text)[\(step.numberValue?.text ?? "")]"
    }
  }
}
