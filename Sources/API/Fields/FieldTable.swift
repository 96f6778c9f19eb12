import HTTP
import Generation
import JSON

/// The members a JSON body may have.
struct FieldTable: Sendable {
  let fields: [Field]

  /// - Throws: all mistakes of the body: of the fields in the table's order, then the keys it does not know.
  func validate(_ body: JSONObject) throws(APIError) -> FieldValues {
    let sent = Dictionary(body.members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    let style = PromptStyle(asked: sent["prompt_style"])
    var issues: [ValidationIssue] = []
    var values: [String: FieldValue] = [:]
    var pictures = PictureReader()
    for field in fields {
      let path: [JSONValue] = [.string(field.name)]
      switch sent[field.name] {
      case nil where field.isRequired:
        issues.append(ValidationIssue(path, FieldProblem("missing", "Field required"), input: .object(body)))
      case nil: continue
      case .null where !field.isRequired: continue
      case let input?:
        do {
          values[field.name] = try field.validate(input, style: style, &pictures)
        } catch {
          issues.append(ValidationIssue(path, error, input: input))
        }
      }
    }
    let known = Set(fields.map(\.name))
    for member in body.members where !known.contains(member.key) {
      let problem = FieldProblem("extra_forbidden", "Extra inputs are not permitted")
      issues.append(ValidationIssue([.string(member.key)], problem, input: member.value))
    }
    guard issues.isEmpty else { throw APIError(issues) }
    return FieldValues(values: values)
  }

  /// Whether validating such a body decodes pictures, which takes long.
  func hasPictures(_ body: JSONObject) -> Bool {
    fields.contains { field in
      switch field.kind {
      case .picture, .pictures: body[field.name] != nil && body[field.name] != .null
      default: false
      }
    }
  }
}

extension APIService {
  /// Validates a body, where it takes long on threads made for that.
  /// - Throws: `APIError`; `WorkPool.Full`; `CancellationError`.
  func values(of body: JSONObject, in table: FieldTable) async throws -> FieldValues {
    guard table.hasPictures(body) else { return try table.validate(body) }
    return try await workers.run { try table.validate(body) }
  }
}

/// The values of one body; an absent field and a null one are the same.
struct FieldValues: Sendable, Equatable {
  fileprivate let values: [String: FieldValue]

  /// The fields that have a value.
  var names: Set<String> { Set(values.keys) }

  subscript(name: String) -> FieldValue? { values[name] }

  func integer(_ name: String) -> Int? {
    if case .integer(let value) = values[name] { value } else { nil }
  }

  func number(_ name: String) -> Double? {
    if case .number(let value) = values[name] { value } else { nil }
  }

  func text(_ name: String) -> String? {
    if case .text(let value) = values[name] { value } else { nil }
  }
}
