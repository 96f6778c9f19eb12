import JSON

@testable import API

extension Shape {
  /// What in `value` is not as described, each with its place; empty when all is.
  func mismatches(_ value: JSONValue, at place: String = "$") -> [String] {
    switch (self, value) {
    case (.named(_, let shape), _): return shape.mismatches(value, at: place)
    case (.any, _), (.nullable, .null): return []
    case (.either(let one, let other), _):
      let mismatches = one.mismatches(value, at: place)
      return mismatches.isEmpty ? [] : other.mismatches(value, at: place)
    case (.nullable(let shape), _): return shape.mismatches(value, at: place)
    case (.object(let members), .object(let object)):
      let missing = members.filter { $0.isRequired && object[$0.name] == nil }
      return missing.map { "\(place).\($0.name) is missing" }
        + object.members.flatMap { member in
          let place = "\(place).\(member.key)"
          let described = members.first { $0.name == member.key }
          return described?.shape.mismatches(member.value, at: place) ?? ["\(place) is not described"]
        }
    case (.map(let shape), .object(let object)):
      return object.members.flatMap { shape.mismatches($0.value, at: "\(place).\($0.key)") }
    case (.array(let shape), .array(let elements)):
      return elements.enumerated().flatMap { shape.mismatches($0.element, at: "\(place)[\($0.offset)]") }
    case (.choice(let choices), .string(let text)) where choices.contains(text): return []
    case (.integer, .number(let number)) where number.isIntegerLiteral: return []
    case (.text, .string), (.number, .number), (.boolean, .bool): return []
    default: return ["\(place) is no \(self)"]
    }
  }
}
