import Generation
import JSON

/// Reads one body and keeps count of its mistakes and its pictures.
struct BodyReader {
  /// How the prompts of this body are to be read.
  let style: PromptStyle
  private(set) var issues: [ValidationIssue] = []
  private var pictures = PictureReader()

  init(style: PromptStyle) { self.style = style }

  /// The mistakes of the fields go in the table's order before keys it does not know, as pydantic has them.
  mutating func read(_ object: JSONObject, as table: FieldTable, at path: FieldPath) -> FieldValues {
    let sent = Dictionary(object.members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    var values: [String: FieldValue] = [:]
    for field in table.fields {
      let place = path.member(field.name)
      switch sent[field.name] {
      case nil where field.isRequired:
        note(FieldProblem("missing", "Field required"), at: place, input: .object(object))
      case nil: continue
      case .null where !field.isRequired: continue
      case let input?: values[field.name] = read(input, as: field, at: place)
      }
    }
    let known = Set(table.fields.map(\.name))
    for member in object.members where !known.contains(member.key) {
      let problem = FieldProblem("extra_forbidden", "Extra inputs are not permitted")
      note(problem, at: path.member(member.key), input: member.value)
    }
    return FieldValues(values: values)
  }

  private mutating func read(_ input: JSONValue, as field: Field, at path: FieldPath) -> FieldValue? {
    guard let value = read(input, as: field.kind, at: path) else { return nil }
    do throws(FieldProblem) {
      try check(value, field)
      return value
    } catch {
      note(error, at: path, input: input)
      return nil
    }
  }

  /// - Returns: `nil` where a mistake was noted.
  private mutating func read(_ input: JSONValue, as kind: Field.Kind, at path: FieldPath) -> FieldValue? {
    do throws(FieldProblem) {
      switch kind {
      case .integer(let range): return .integer(try input.integer(in: range))
      case .number(let range): return .number(try input.number(in: range))
      case .text(let length): return .text(try input.text(length))
      case .boolean: return .boolean(try input.boolean())
      case .choice(let choices): return .text(try input.choice(of: choices))
      case .picture: return .picture(try pictures.read(try input.text(nil), field: path.text))
      case .list(let element, let longest):
        return elements(try input.list(upTo: longest), as: element, at: path)
      case .object(let table): return object(try input.object(), as: table, at: path)
      case .objectOr(let table, let other):
        guard case .object(let object) = input else { return read(input, as: other, at: path) }
        return self.object(object, as: table, at: path)
      }
    } catch {
      note(error, at: path, input: input)
      return nil
    }
  }

  private mutating func elements(
    _ inputs: [JSONValue], as kind: Field.Kind, at path: FieldPath
  ) -> FieldValue? {
    var values: [FieldValue] = []
    for (index, input) in inputs.enumerated() {
      if let value = read(input, as: kind, at: path.element(index)) { values.append(value) }
    }
    return values.count == inputs.count ? .list(values) : nil
  }

  private mutating func object(
    _ input: JSONObject, as table: FieldTable, at path: FieldPath
  ) -> FieldValue? {
    let before = issues.count
    let values = read(input, as: table, at: path)
    return issues.count == before ? .object(values) : nil
  }

  private func check(_ value: FieldValue, _ field: Field) throws(FieldProblem) {
    switch (field.rule, value) {
    case (.multiple(let step), .integer(let number)) where !number.isMultiple(of: step):
      throw .value("\(field.name) should be a multiple of \(step)")
    case (.promptSyntax(let side), .text(let text)): try PromptSyntax.check(text, style: style, side: side)
    case (.scheduler, .text(let text)): _ = try SchedulerNames.find(text)
    case (.mediaType(let other), .text(let text)):
      if let format = pictures.formats[other] { try PictureReader.check(text, format, other) }
    default: break
    }
    if case .unsupported(let except) = field.support, !except.contains(value) {
      throw .unsupported(field.name)
    }
  }

  private mutating func note(_ problem: FieldProblem, at path: FieldPath, input: JSONValue) {
    issues.append(ValidationIssue(path.steps, problem, input: input))
  }
}
